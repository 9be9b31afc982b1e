import { type Clock, systemClock } from '@jobboard/core/driver'
import { type StoppableClock, stoppable } from './gate.js'
import type { TurnedTime } from './harness.js'
import { historyNow } from './history.js'

/** The time in which one case lives. */
export interface WorldTime {
  readonly isReal: boolean
  /** Milliseconds since some moment. */
  now(): number
  /** The clock of the history. It never stands still, so that what came later has a later time. */
  historyNow(): number
  elapse(ms: number): Promise<void>
  /** Awaits a call that may need time to pass. */
  during<T>(call: Promise<T>): Promise<T>
  /** A clock for one client in this process. */
  clientClock(): StoppableClock
}

export const realTime: WorldTime = {
  isReal: true,
  now: () => performance.now(),
  historyNow,
  elapse: ms => new Promise(resolve => setTimeout(resolve, ms)),
  during: call => call,
  clientClock: () => stoppable(systemClock),
}

const leastStepMs = 1
/** How much slower than the machine's clock a history in turned time goes on by itself. */
const realPart = 1_000

/**
 * Turned time. It goes on when a case says so, and by itself when a client waits and nothing else happens: a call that
 * sleeps between two sends needs it, and nobody else would turn it.
 */
export class TurnedWorldTime implements WorldTime {
  readonly isReal = false
  readonly #time: TurnedTime
  readonly #clock: Clock
  readonly #longestStepMs: number
  #waiting = 0
  #turnedByCase = 0
  /** Counts whatever happens, so that stillness can be seen. */
  #happened = 0
  #pumping = false
  #turns: Promise<void> = Promise.resolve()

  constructor(time: TurnedTime, longestStepMs: number) {
    this.#time = time
    this.#clock = time.client()
    this.#longestStepMs = longestStepMs
  }

  now(): number {
    return this.#clock.monotonic()
  }

  /** Real time goes on by itself, much slower, between two turns. */
  historyNow(): number {
    return this.#clock.monotonic() + historyNow() / realPart
  }

  clientClock(): StoppableClock {
    return this.#time.client()
  }

  async elapse(ms: number): Promise<void> {
    this.#turnedByCase += 1
    this.#happened += 1
    try {
      await this.#advance(ms)
    } finally {
      this.#turnedByCase -= 1
      this.#happened += 1
    }
  }

  async during<T>(call: Promise<T>): Promise<T> {
    this.#waiting += 1
    this.#happened += 1
    void this.#pump()
    try {
      return await call
    } finally {
      this.#waiting -= 1
      this.#happened += 1
    }
  }

  /** One turn after the other: two that overlap would fire timers out of order. */
  #advance(ms: number): Promise<void> {
    this.#turns = this.#turns.then(() => this.#time.advance(ms))
    return this.#turns
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return
    this.#pumping = true
    let step = leastStepMs
    while (this.#waiting > 0) {
      const before = this.#happened
      await stillness()
      const still = this.#happened === before && this.#turnedByCase === 0
      if (still) await this.#advance(step)
      step = still ? Math.min(step * 2, this.#longestStepMs) : leastStepMs
    }
    this.#pumping = false
  }
}

/** Long enough for everything in this process that needs no time. */
async function stillness(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) await new Promise(resolve => setImmediate(resolve))
}
