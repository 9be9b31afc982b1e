/** Runs so many tasks at one time, in the order in which they came. */
export class Limit {
  readonly #most: number
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(most: number) {
    // With no place at all everybody would wait for ever.
    if (!Number.isInteger(most) || most < 1)
      throw new RangeError(`concurrency must be 1 or more, not ${most}`)
    this.#most = most
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running < this.#most) this.#running += 1
    else await new Promise<void>(resolve => this.#waiting.push(resolve))
    try {
      return await task()
    } finally {
      // The place is handed on, so that nobody who comes later slips in.
      const next = this.#waiting.shift()
      if (next === undefined) this.#running -= 1
      else next()
    }
  }
}
