import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { redactUrl, splitUrl } from './board-url.js'
import type { DriverDefinition } from './driver/definition.js'
import type { JobboardDriver } from './driver/driver.js'
import { DriverNotFoundError, InvalidOptionsError } from './errors.js'
import { Jobboard } from './jobboard.js'
import { type JobboardOptions, plainOptionNames } from './options.js'

/** A board by the driver's name (or package) and options, the driver's and the board's plain ones side by side. */
export interface BoardConfig {
  readonly board: string
  readonly [option: string]: unknown
}

export interface FetchOptions extends JobboardOptions {
  /** Drivers that are known without an installed package; they come first. */
  readonly drivers?: readonly DriverDefinition[]
  /** The folder from whose application driver packages are resolved. @default the working directory */
  readonly from?: string
}

/** Names and URL schemes of our own packages. */
const builtIn: ReadonlyMap<string, string> = new Map([
  ['memory', '@jobboard/memory'],
  ['sqlite', '@jobboard/sqlite'],
  ['file', '@jobboard/sqlite'],
  ['zookeeper', '@jobboard/zookeeper'],
  ['etcd', '@jobboard/etcd-lease'],
  ['etcds', '@jobboard/etcd-lease'],
  ['etcd-lease', '@jobboard/etcd-lease'],
  ['redis', '@jobboard/redis-lock'],
  ['rediss', '@jobboard/redis-lock'],
  ['redis-lock', '@jobboard/redis-lock'],
  ['postgres', '@jobboard/postgres'],
  ['postgresql', '@jobboard/postgres'],
])

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
  const board = new Jobboard(driver, { ...plain, ...boardOptions, name } as JobboardOptions)
  try {
    return await board.connect()
  } catch (error) {
    // The error to tell is the first one; closing only takes back what connecting took.
    await board.close().catch(() => {})
    throw error
  }
}

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
    const { board, ...rest } = where
    if (typeof board !== 'string')
      throw new InvalidOptionsError("a board's configuration needs `board`, the name of its driver")
    const { own, others } = split(rest)
    const definition = await findDriver(board, drivers, from)
    return { driver: definition.create(others), plain: own }
  }
  const url = splitUrl(where)
  if (url === undefined) {
    throw new InvalidOptionsError(
      `${JSON.stringify(redactUrl(where))} is no board URL; it needs a scheme, as in file:./board`,
    )
  }
  const { own, others } = split(url.query)
  const definition = await findDriver(url.scheme, drivers, from)
  const options = definition.parseUrl({ ...url, query: others as Readonly<Record<string, string>> })
  return { driver: definition.create(options), plain: own }
}

function split(options: Readonly<Record<string, unknown>>): {
  own: Record<string, unknown>
  others: Record<string, unknown>
} {
  const entries = Object.entries(options)
  const isOwn = ([key]: readonly [string, unknown]): boolean =>
    key !== 'name' && plainOptionNames.includes(key)
  return {
    own: Object.fromEntries(entries.filter(isOwn)),
    others: Object.fromEntries(entries.filter(entry => !isOwn(entry))),
  }
}

async function findDriver(
  nameOrScheme: string,
  drivers: readonly DriverDefinition[],
  from: string,
): Promise<DriverDefinition> {
  const passed = drivers.find(({ name, schemes }) => name === nameOrScheme || schemes.includes(nameOrScheme))
  if (passed !== undefined) return checked(passed, nameOrScheme)
  // `PACKAGE+anything:` names a third party's package.
  const packageName = builtIn.get(nameOrScheme) ?? nameOrScheme.split('+', 1)[0] ?? nameOrScheme
  const module = await importFrom(packageName, nameOrScheme, from)
  return checked(module['driver'], packageName)
}

/** Under pnpm core cannot see packages that it does not depend on, so they are resolved from the application. */
async function importFrom(
  packageName: string,
  asked: string,
  from: string,
): Promise<Readonly<Record<string, unknown>>> {
  const path = resolveFrom(packageName, from)
  if (path === undefined) {
    const what = builtIn.has(asked)
      ? `The driver for ${asked} boards`
      : `A driver package named ${packageName}`
    throw new DriverNotFoundError(
      `${what} is not installed; install it with: npm install ${packageName}. Known drivers: ${[...builtIn.keys()].join(', ')}`,
    )
  }
  return (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>
}

function resolveFrom(packageName: string, from: string): string | undefined {
  // The application first, then wherever this package itself is installed.
  for (const base of [pathToFileURL(join(from, 'index.js')).href, import.meta.url]) {
    try {
      return createRequire(base).resolve(packageName)
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
  return undefined
}

function isNotFound(error: unknown): boolean {
  const code = (error as { readonly code?: unknown }).code
  return code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND'
}

function checked(definition: unknown, where: string): DriverDefinition {
  const driver = definition as Partial<DriverDefinition> | undefined
  if (typeof driver?.create !== 'function' || typeof driver.parseUrl !== 'function') {
    throw new DriverNotFoundError(
      `${where} is no jobboard driver: it has no export named driver with create and parseUrl`,
    )
  }
  if (driver.apiVersion !== 1) {
    throw new DriverNotFoundError(
      `${where} was written for version ${driver.apiVersion} of the driver interface; this is version 1`,
    )
  }
  return driver as DriverDefinition
}
