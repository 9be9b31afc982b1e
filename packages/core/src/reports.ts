import type { MalformedEntry } from './driver/records.js'
import { Emitter } from './emitter.js'
import type { JobboardError } from './errors.js'
import type { JobboardEventName, JobboardEvents } from './events.js'
import type { Logger } from './logger.js'

/** What a board tells beside its answers: events for programs, and in the log what no caller learns of otherwise. */
export class Reports {
  readonly events: Emitter<JobboardEvents>
  readonly #board: string
  readonly #logger: Logger

  constructor(board: string, logger: Logger) {
    this.#board = board
    this.#logger = logger
    this.events = new Emitter((error, event) => this.#listenerThrew(error, event))
  }

  /** An entry was skipped (LIST-5). */
  malformed(entry: MalformedEntry): void {
    const { where, problem } = entry
    const board = this.#board
    this.#logger.warn(`${board}: skipped the entry at ${where}: ${problem}`, { board, where })
    this.events.emit('malformed', entry)
  }

  /** Something failed for which no caller waits, or which a caller outlives. */
  trouble(error: unknown, during: string): void {
    this.#log(error, during)
    this.events.emit('error', { error: error instanceof Error ? error : new Error(String(error)), during })
  }

  #listenerThrew(error: unknown, event: JobboardEventName): void {
    // A listener of `error` that throws is only logged, or it would be called for ever.
    if (event === 'error') this.#log(error, 'in a listener of error events')
    else this.trouble(error, `in a listener of ${event} events`)
  }

  #log(error: unknown, during: string): void {
    const known = error as Partial<JobboardError> | undefined
    const board = this.#board
    const message = `${board}: ${known?.message ?? String(error)} (${during})`
    this.#logger.warn(message, { board, code: known?.code, during })
  }
}
