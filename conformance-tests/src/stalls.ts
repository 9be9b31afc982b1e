import { historyNow } from './history.js'

const beatMs = 50
const longestBeatMs = 150

/** A time in which a process did not run, by the clock of histories. */
export interface Stall {
  readonly from: number
  readonly until: number
}

/**
 * Tells of times in which this process did not run, for whatever reason, and so could not have told anyone of a lost claim
 * (CLAIM-8 speaks of a process that runs).
 */
export class StallWatch {
  readonly #tell: (stall: Stall) => void
  readonly #beat: NodeJS.Timeout
  #last = historyNow()

  constructor(tell: (stall: Stall) => void) {
    this.#tell = tell
    this.#beat = setInterval(() => this.look(), beatMs)
    this.#beat.unref()
  }

  /** Tells of a stall that has just ended, without waiting for the next beat. */
  look(): void {
    const now = historyNow()
    if (now - this.#last > longestBeatMs) this.#tell({ from: this.#last, until: now })
    this.#last = now
  }

  stop(): void {
    clearInterval(this.#beat)
  }
}

/** Longest time in milliseconds in which both stood still at once. */
export function longestInCommon(stalls: readonly Stall[], others: readonly Stall[]): number {
  const common = stalls.flatMap(one =>
    others.map(other => Math.min(one.until, other.until) - Math.max(one.from, other.from)),
  )
  return Math.max(0, ...common)
}
