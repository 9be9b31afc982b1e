import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'

const resolutionMs = 5

/** Watches for how long the event loop of this process stands still. */
export class LoopDelay implements Disposable {
  readonly #histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: resolutionMs })

  constructor() {
    this.#histogram.enable()
  }

  /** The longest time so far; the timer's own interval is not counted. */
  get worstMs(): number {
    return Math.max(0, this.#histogram.max / 1e6 - resolutionMs)
  }

  [Symbol.dispose](): void {
    this.#histogram.disable()
  }
}
