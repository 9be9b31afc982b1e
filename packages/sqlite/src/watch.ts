import type { Clock, DriverSink, Timer } from '@jobboard/core/driver'
import { driverError } from './sqlite-errors.js'

/** After trouble, the next look is so much later. */
const troubledMs = 1000

/** Looks again and again, for those who wait. Never keeps the process alive. */
export class Watch {
  readonly #look: () => void
  readonly #sink: DriverSink
  readonly #clock: Clock
  #timer: Timer | undefined
  #troubled = false
  #stopped = false

  constructor(look: () => void, sink: DriverSink, clock: Clock) {
    this.#look = look
    this.#sink = sink
    this.#clock = clock
  }

  start(pollMs: number): void {
    if (this.#stopped) return
    const delayMs = this.#troubled ? troubledMs : pollMs
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

  /** Does what no caller waits for: its trouble is told to the sink. */
  guard(look: () => void): void {
    try {
      look()
      this.#troubled = false
    } catch (error) {
      this.trouble(error)
    }
  }

  /** Of trouble that lasts only the beginning is told. */
  trouble(error: unknown): void {
    if (!this.#troubled) this.#sink.trouble(driverError(error, 'Cannot look for changes') as Error)
    this.#troubled = true
  }
}
