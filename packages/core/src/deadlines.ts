import type { Clock, Timer } from './clock.js'
import { Line, type Queued } from './line.js'

/** What has to be over by a moment. */
export interface Bounded extends Queued {
  /** By the monotonic clock, in milliseconds. */
  readonly until: number
  /** Its time is over. It leaves the deadlines by itself, as it does at any other end. */
  expire(): void
}

/**
 * Ends what is not over in time, with one timer for all: where every operation has a time limit and hardly any meets it,
 * setting and clearing a timer for each costs more than the rest of the bookkeeping.
 */
export class Deadlines<T extends Bounded> {
  readonly #clock: Clock
  readonly #line = new Line<T>((a, b) => a.until - b.until)
  #size = 0
  #timer: Timer | undefined
  #timerAt = Number.POSITIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#size
  }

  add(item: T): void {
    this.#size += 1
    this.#line.join(item)
    if (item.until < this.#timerAt) this.#watch(item.until)
  }

  /** The last one takes the timer with it: nothing keeps the process alive that is not waited for. */
  delete(item: T): void {
    if (item.stale) return
    item.stale = true
    this.#size -= 1
    this.#line.leave()
    if (this.#size === 0) this.#watch(Number.POSITIVE_INFINITY)
  }

  /** A copy, so that items may come and go meanwhile. */
  values(): readonly T[] {
    return this.#line.values()
  }

  #watch(at: number): void {
    this.#timer?.clear()
    this.#timerAt = at
    this.#timer = Number.isFinite(at)
      ? this.#clock.setTimeout(() => this.#look(), Math.max(0, at - this.#clock.monotonic()))
      : undefined
  }

  #look(): void {
    const now = this.#clock.monotonic()
    let next = this.#line.first()
    while (next !== undefined && next.until <= now) {
      next.expire()
      next = this.#line.first()
    }
    this.#watch(next?.until ?? Number.POSITIVE_INFINITY)
  }
}
