import {
  booleanOption,
  type Clock,
  type DriverDefinition,
  type DriverEnvironment,
  type JobboardDriver,
  parseOptions,
  textOption,
} from '@jobboard/core/driver'
import * as v from 'valibot'
import { MemoryBackend } from './memory-backend.js'
import { MemoryDriver } from './memory-driver.js'

export { ClientClock, FakeClock } from './fake-clock.js'
export { MemoryBackend } from './memory-backend.js'
export { MemoryDriver } from './memory-driver.js'

/** Options of the memory board. */
export interface MemoryOptions {
  /** The board's state, to be shared by several boards of this process. @default a new one, on the clock of the first board */
  readonly backend?: MemoryBackend
  /** The name under which boards of this process share a state. @default none */
  readonly board?: string
  /** false leaves the choice of the next job to core, as for backends that cannot choose. @default true */
  readonly claimNext?: boolean
}

const optionsSchema = v.strictObject({
  backend: v.optional(v.instance(MemoryBackend, 'must be a MemoryBackend')),
  board: v.optional(textOption()),
  claimNext: v.optional(booleanOption(), true),
})

/** Boards of this process by name: what a server is elsewhere. */
const byName = new Map<string, MemoryBackend>()

/**
 * A board inside this process. Nothing outlives the process; it is the reference for drivers, and for users' own tests.
 *
 * @throws InvalidOptionsError
 */
export function memory(options: MemoryOptions = {}): JobboardDriver {
  return make(options, ({ clock }) => new MemoryBackend(clock))
}

/** For `memory:NAME` and `{ board: 'memory' }`; without a name the board's label is taken. */
export const driver: DriverDefinition = {
  name: 'memory',
  apiVersion: 1,
  schemes: ['memory'],
  create: options => make(options, ({ label, clock }) => named(label, clock)),
  parseUrl: ({ rest, query }) => (rest === '' ? query : { ...query, board: rest }),
}

function make(
  options: unknown,
  otherwise: (environment: DriverEnvironment) => MemoryBackend,
): JobboardDriver {
  const { backend, board, claimNext } = parseOptions(optionsSchema, options, 'memory options')
  const driver = new MemoryDriver(
    environment =>
      backend ?? (board === undefined ? otherwise(environment) : named(board, environment.clock)),
  )
  return claimNext ? driver : withoutChoice(driver)
}

/** On the clock of the board that comes first. */
function named(name: string, clock: Clock): MemoryBackend {
  const backend = byName.get(name) ?? new MemoryBackend(clock)
  byName.set(name, backend)
  return backend
}

/** The same driver as core sees one whose backend cannot choose. */
function withoutChoice(driver: MemoryDriver): JobboardDriver {
  return new Proxy(driver, {
    get(target, key) {
      if (key === 'claimNext') return undefined
      const member: unknown = Reflect.get(target, key)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}
