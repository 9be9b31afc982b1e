import { setImmediate } from 'node:timers/promises'
import type { Clock, Timer } from '@jobboard/core/driver'

interface Pending {
  readonly at: number
  readonly number: number
  readonly callback: () => void
}

/**
 * A clock that stands still until a test turns it.
 *
 * ```ts
 * const clock = new FakeClock()
 * const board = new Jobboard(memory({ backend: new MemoryBackend(clock) }), { clock })
 * await clock.advance(15_000)
 * ```
 *
 * Give the same clock to the memory board and to every `Jobboard` on it. `client()` makes a clock for one of several clients,
 * which can be frozen as a stopped process is.
 */
export class FakeClock implements Clock {
  #now: number
  readonly #timers = new Set<Pending>()
  #number = 0

  /** `startsAt`: the wall clock at the beginning, milliseconds since 1970. @default 2030-01-01 */
  constructor(startsAt: number = Date.UTC(2030, 0, 1)) {
    this.#now = startsAt
  }

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#now
  }

  setTimeout(callback: () => void, delayMs: number): Timer {
    const pending = { at: this.#now + Math.max(0, delayMs), number: this.#number++, callback }
    this.#timers.add(pending)
    const timer: Timer = {
      clear: () => this.#timers.delete(pending),
      unref: () => timer,
    }
    return timer
  }

  /**
   * Moves the time on by so many milliseconds: every timer that comes due fires at its moment, in order, and what it
   * sets off runs before the next one fires.
   */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms
    await settle()
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      this.#now = Math.max(this.#now, next.at)
      this.#timers.delete(next)
      next.callback()
      await settle()
    }
    this.#now = until
    await settle()
  }

  /** A clock that shows the same time, for one client among several. */
  client(): ClientClock {
    return new ClientClock(this)
  }

  #next(until: number): Pending | undefined {
    let first: Pending | undefined
    for (const timer of this.#timers) {
      if (timer.at <= until && (first === undefined || before(timer, first))) first = timer
    }
    return first
  }
}

/** The clock of a client that can stand still, as a stopped process does: time passes, but none of its timers fires. */
export class ClientClock implements Clock {
  readonly #clock: FakeClock
  #frozen = false
  /** Timers that came due while the client stood still. */
  readonly #late = new Set<() => void>()

  constructor(clock: FakeClock) {
    this.#clock = clock
  }

  now(): number {
    return this.#clock.now()
  }

  monotonic(): number {
    return this.#clock.monotonic()
  }

  setTimeout(callback: () => void, delayMs: number): Timer {
    // A function of its own for each timer: one callback may be set several times.
    const fire = (): void => callback()
    const inner = this.#clock.setTimeout(() => (this.#frozen ? this.#late.add(fire) : fire()), delayMs)
    const timer: Timer = {
      clear: () => {
        inner.clear()
        this.#late.delete(fire)
      },
      unref: () => timer,
    }
    return timer
  }

  freeze(): void {
    this.#frozen = true
  }

  /** Timers that came due meanwhile fire now, in the order in which they were due. */
  thaw(): void {
    this.#frozen = false
    for (const fire of [...this.#late]) {
      // One that fires may clear another.
      if (this.#late.delete(fire)) fire()
    }
  }
}

/** Lets everything run that needs no more time: promises, and turns of the event loop that they wait for. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await setImmediate()
}

function before(a: Pending, b: Pending): boolean {
  return a.at < b.at || (a.at === b.at && a.number < b.number)
}
