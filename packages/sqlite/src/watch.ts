import type { Clock, DriverSink, Timer } from '@jobboard/core/driver'
import { driverError } from './sqlite-errors.js'

/** After trouble, the next try is so much later. */
export const troubledMs = 1000

/** What is done in the background: looks for changes, and writing what time has changed. */
type Work = 'look' | 'sweep'

/** Looks again and again, for those who wait. Never keeps the process alive. */
export class Watch {
  readonly #look: () => void
  readonly #sink: DriverSink
  readonly #clock: Clock
  readonly #troubled = new Set<Work>()
  #timer: Timer | undefined
  #stopped = false

  constructor(look: () => void, sink: DriverSink, clock: Clock) {
    this.#look = look
    this.#sink = sink
    this.#clock = clock
  }

  start(pollMs: number): void {
    if (this.#stopped) return
    const delayMs = this.#troubled.has('look') ? troubledMs : pollMs
    this.#timer = this.#clock
      .setTimeout(() => {
        this.guard(this.#look)
        this.start(pollMs)
      }, delayMs)
      .unref()
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.clear()
  }

  /** Does what no caller waits for: its trouble is told to the sink. Nothing is done after `stop`. */
  guard(look: () => void): void {
    if (this.#stopped) return
    try {
      look()
      this.fine('look')
    } catch (error) {
      this.trouble('look', error)
    }
  }

  /** Of trouble that lasts only the beginning is told: until the same work has gone well. */
  trouble(work: Work, error: unknown): void {
    if (this.#stopped || this.#troubled.has(work)) return
    this.#troubled.add(work)
    const doing = work === 'look' ? 'Cannot look for changes' : 'Cannot write what time has changed'
    this.#sink.trouble(driverError(error, doing) as Error)
  }

  fine(work: Work): void {
    this.#troubled.delete(work)
  }
}
