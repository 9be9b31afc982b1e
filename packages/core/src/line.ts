import TinyQueue from 'tinyqueue'

/** What stands in a line. */
export interface Queued {
  /** Done with: whoever meets it in a line drops it. */
  stale: boolean
}

/** Negative when the first one comes first. */
export type Compare<T> = (a: T, b: T) => number

/** Fewer entries than this are not worth tidying up. */
const few = 64

/**
 * Things in order. Almost all of them join at the end; the others, such as jobs that were given back, wait in a heap beside.
 *
 * Entries go stale where they stand. So that those do not pile up where nobody takes any, a line is tidied up once most of
 * it is stale.
 */
export class Line<T extends Queued> {
  readonly #compare: Compare<T>
  #row: T[] = []
  /** So many at the beginning of the row have been taken out. */
  #passed = 0
  #others: TinyQueue<T>
  #live = 0

  constructor(compare: Compare<T>) {
    this.#compare = compare
    this.#others = new TinyQueue([], compare)
  }

  /** Whether nobody stands in it. */
  get empty(): boolean {
    return this.#live === 0
  }

  /** How many stand in it, stale ones included. */
  get length(): number {
    return this.#row.length - this.#passed + this.#others.length
  }

  join(entry: T): void {
    this.#live += 1
    this.putBack(entry)
  }

  /** One of its entries went stale, whether it was taken out before or not. */
  leave(): void {
    this.#live -= 1
    if (this.length > few && this.length > 2 * this.#live) this.#tidy()
  }

  /** The first entry that is not stale; stale ones are dropped on the way. */
  first(): T | undefined {
    while (this.#row[this.#passed]?.stale) this.#pass()
    while (this.#others.peek()?.stale) this.#others.pop()
    const [a, b] = [this.#row[this.#passed], this.#others.peek()]
    if (a === undefined || b === undefined) return a ?? b
    return this.#compare(a, b) < 0 ? a : b
  }

  /** All that are not stale, in no order. A copy, so that they may come and go meanwhile. */
  values(): readonly T[] {
    return [...this.#row.slice(this.#passed), ...this.#others.data].filter(entry => !entry.stale)
  }

  /** Takes the first entry out. It goes stale, or it is put back. */
  take(): T | undefined {
    const entry = this.first()
    if (entry === this.#row[this.#passed]) this.#pass()
    else this.#others.pop()
    return entry
  }

  putBack(entry: T): void {
    const last = this.#row.at(-1)
    if (last === undefined || this.#compare(last, entry) <= 0) this.#row.push(entry)
    else this.#others.push(entry)
  }

  #pass(): void {
    if (this.#passed < this.#row.length) this.#passed += 1
    if (this.#passed < few || this.#passed * 2 < this.#row.length) return
    this.#row = this.#row.slice(this.#passed)
    this.#passed = 0
  }

  #tidy(): void {
    this.#row = this.#row.slice(this.#passed).filter(entry => !entry.stale)
    this.#passed = 0
    this.#others = new TinyQueue(
      this.#others.data.filter(entry => !entry.stale),
      this.#compare,
    )
  }
}
