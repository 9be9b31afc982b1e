import { redactUrl, splitUrl } from './board-url.js'
import type { DriverDefinition } from './driver/definition.js'
import type { JobboardDriver } from './driver/driver.js'
import { InvalidOptionsError } from './errors.js'
import { findDriver } from './find-driver.js'
import { Jobboard } from './jobboard.js'
import { nameOf } from './json.js'
import { type JobboardOptions, plainOptionNames } from './options.js'

/** A board by the driver's name (or package) and options, the driver's and the board's plain ones side by side. */
export interface BoardConfig {
  readonly board: string
  readonly [option: string]: unknown
}

/** Options of the board, and where to look for its driver. */
export interface FetchOptions extends JobboardOptions {
  /** Drivers that are known without an installed package; they come first. */
  readonly drivers?: readonly DriverDefinition[]
  /** The folder from whose application driver packages are resolved. @default the working directory */
  readonly from?: string
}

/**
 * Makes and connects a board from a URL or a configuration: finds the driver, splits the options, connects. Nothing else.
 *
 * ```ts
 * const board = await fetchBoard('my-board', 'file:./board?sessionTtlMs=10000')
 * const same = await fetchBoard('my-board', { board: 'sqlite', dir: './board', sessionTtlMs: 10_000 })
 * ```
 *
 * `name` is a label, and the backend's board name only where URL and configuration give none. The equivalent of
 * TaskFlow's `fetch` with its entry points (`taskflow/jobs/backends/__init__.py`).
 *
 * @throws DriverNotFoundError with the command that installs the driver.
 * @throws InvalidOptionsError, and what `connect` throws.
 */
export async function fetchBoard(
  name: string,
  where: string | BoardConfig,
  options: FetchOptions = {},
): Promise<Jobboard> {
  const { drivers = [], from = process.cwd(), ...boardOptions } = options
  const { driver, plain } = await makeDriver(where, drivers, from)
  const given = Object.entries(boardOptions).filter(([, value]) => value !== undefined)
  const board = new Jobboard(driver, { ...plain, ...Object.fromEntries(given), name } as JobboardOptions)
  try {
    return await board.connect()
  } catch (error) {
    // The error to tell is the first one; closing only takes back what connecting took.
    await board.close().catch(() => {})
    throw error
  }
}

/** What a URL or a configuration may say to the board itself; its name is an argument of its own. */
const ownNames = plainOptionNames.filter(key => key !== 'name')

interface Made {
  readonly driver: JobboardDriver
  /** Options of the board itself that stood among the driver's. */
  readonly plain: Readonly<Record<string, unknown>>
}

async function makeDriver(
  where: string | BoardConfig,
  drivers: readonly DriverDefinition[],
  from: string,
): Promise<Made> {
  if (typeof where !== 'string') {
    if (typeof where !== 'object' || where === null)
      throw new InvalidOptionsError(`a board is named by a URL or a configuration, not ${nameOf(where)}`)
    const { board, ...rest } = where
    if (typeof board !== 'string')
      throw new InvalidOptionsError("a board's configuration needs `board`, the name of its driver")
    const { own, others } = split(rest)
    const definition = await findDriver({ name: board }, drivers, from)
    return { driver: create(definition, others), plain: own }
  }
  const url = splitUrl(where)
  if (url === undefined) {
    throw new InvalidOptionsError(
      `${JSON.stringify(redactUrl(where))} is no board URL; ${where.includes('#') ? 'it must not contain #' : 'it needs a scheme, as in file:./board'}`,
    )
  }
  const { own, others } = split(url.query)
  const definition = await findDriver({ scheme: url.scheme }, drivers, from)
  const options = definition.parseUrl({ ...url, query: others as Readonly<Record<string, string>> })
  return { driver: create(definition, options), plain: own }
}

/** A driver knows its own options only; here those of every board stand beside them. */
function create(definition: DriverDefinition, options: Readonly<Record<string, unknown>>): JobboardDriver {
  try {
    return definition.create(options)
  } catch (error) {
    if (!(error instanceof InvalidOptionsError) || error.unknownOptions.length === 0) throw error
    const { message, unknownOptions } = error
    const text = `${message}; and of every board ${ownNames.join(', ')}`
    throw new InvalidOptionsError(text, { cause: error, unknownOptions })
  }
}

function split(options: Readonly<Record<string, unknown>>): {
  own: Record<string, unknown>
  others: Record<string, unknown>
} {
  const entries = Object.entries(options)
  const isOwn = ([key]: readonly [string, unknown]): boolean => ownNames.includes(key)
  return {
    own: Object.fromEntries(entries.filter(isOwn)),
    others: Object.fromEntries(entries.filter(entry => !isOwn(entry))),
  }
}
