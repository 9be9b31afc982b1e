import type { Clock, Timer } from './clock.js'
import { TransitSet } from './transit.js'

/** What has to be over by a moment. */
export interface Bounded {
  /** By the monotonic clock, in milliseconds. */
  readonly until: number
  /** Its time is over. It leaves the deadlines by itself, now as at any other end. */
  expire(): void
}

/**
 * Ends what is not over in time, with one timer for all: where every operation has a time limit and hardly any meets it,
 * setting and clearing a timer for each costs more than the rest of the bookkeeping.
 */
export class Deadlines<T extends Bounded> {
  readonly #clock: Clock
  readonly #items = new TransitSet<T>()
  #timer: Timer | undefined
  #timerAt = Number.POSITIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#items.size
  }

  add(item: T): void {
    this.#items.add(item)
    if (item.until < this.#timerAt) this.#set(item.until)
  }

  /** The last one takes the timer with it: nothing keeps the process alive that is not waited for. */
  delete(item: T): void {
    this.#items.delete(item)
    if (this.#items.size === 0) this.#clear()
  }

  /** A copy, so that items may come and go meanwhile. */
  values(): readonly T[] {
    return this.#items.values()
  }

  #set(at: number): void {
    this.#timer?.clear()
    this.#timerAt = at
    this.#timer = this.#clock.setTimeout(() => this.#look(), Math.max(0, at - this.#clock.monotonic()))
  }

  #clear(): void {
    this.#timer?.clear()
    this.#timer = undefined
    this.#timerAt = Number.POSITIVE_INFINITY
  }

  #look(): void {
    this.#clear()
    const now = this.#clock.monotonic()
    // One that expires may end another.
    for (const item of this.values()) if (item.until <= now && this.#items.has(item)) item.expire()
    // What an expiry set off may have come with a deadline of its own.
    const next = Math.min(this.#timerAt, ...this.values().map(({ until }) => until))
    if (next < this.#timerAt) this.#set(next)
  }
}
