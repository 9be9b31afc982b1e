import { hostname } from 'node:os'
import type { DependencyContainer } from 'tsyringe'
import * as v from 'valibot'
import type { Clock } from './clock.js'
import type { Logger } from './logger.js'
import { functionOption, numberOption, objectOption, parseOptions, textOption } from './parse-options.js'

/** Options of every board, on every backend. Times are in milliseconds. */
export interface JobboardOptions {
  /** A label for logs and errors; the backend's board name only where the driver's own options name none. @default 'jobboard' */
  readonly name?: string
  /** The owner of claims that name none. @default host:pid:random */
  readonly owner?: string
  /** How long the board's claims outlive its last sign of life; at least 1,000. @default 15000 */
  readonly sessionTtlMs?: number
  /** The longest that a call may take, all its sends together. @default 5000 */
  readonly requestTimeoutMs?: number
  /** The slow look that stands behind pushes. @default 30000 */
  readonly refreshMs?: number
  /**
   * How long receipts are kept, so that an ending or a post that is sent again is recognised; 0 keeps none. Under twice
   * `requestTimeoutMs` more outcomes stay unknown, since a request is not repeated whose receipt may be over. @default 60000
   */
  readonly rememberMs?: number
  /** Largest details of a job, in bytes of JSON. @default 524288 */
  readonly maxPayloadBytes?: number
  /** Among how many of the first jobs of a priority `claimNext` spreads where the backend cannot choose; 1 is strict order. @default 16 */
  readonly spreadWindow?: number
  /** @default the clock of this process */
  readonly clock?: Clock
  /** @default writes nothing */
  readonly logger?: Logger
  /** Makes ids of jobs, claims and sessions; they must never repeat. @default crypto.randomUUID */
  readonly newId?: () => string
  /** A tsyringe container whose registrations of `tokens` stand in for the defaults. The board makes a child of it. */
  readonly container?: DependencyContainer
}

/** The numbers and names of a board, complete. */
export type BoardSettings = Required<Omit<JobboardOptions, 'clock' | 'logger' | 'newId' | 'container'>>

const settingEntries = {
  name: v.optional(textOption(), 'jobboard'),
  owner: v.optional(textOption(), defaultOwner),
  sessionTtlMs: v.optional(numberOption(1_000), 15_000),
  requestTimeoutMs: v.optional(numberOption(10), 5_000),
  refreshMs: v.optional(numberOption(10), 30_000),
  rememberMs: v.optional(numberOption(0), 60_000),
  maxPayloadBytes: v.optional(numberOption(2), 512 * 1024),
  spreadWindow: v.optional(numberOption(1, 1_000), 16),
}

const optionsSchema = v.strictObject({
  ...settingEntries,
  clock: v.optional(objectOption<Clock>('now', 'monotonic', 'setTimeout')),
  logger: v.optional(objectOption<Logger>('debug', 'info', 'warn', 'error')),
  newId: v.optional(functionOption<() => string>()),
  container: v.optional(objectOption<DependencyContainer>('createChildContainer', 'resolve')),
})

/** Options that may also stand in a URL's query or in a configuration, since they are plain values. */
export const plainOptionNames: readonly string[] = Object.keys(settingEntries)

/** @throws InvalidOptionsError */
export function checkJobboardOptions(options: JobboardOptions): BoardSettings & JobboardOptions {
  return parseOptions(optionsSchema, options, 'Jobboard options') as BoardSettings & JobboardOptions
}

/** Names the machine and the process for people; the random part makes it unique where hosts and pids repeat (containers). */
function defaultOwner(): string {
  const random = Math.random().toString(36).slice(2, 8).padEnd(6, '0')
  return `${hostname()}:${process.pid}:${random}`.slice(-255)
}
