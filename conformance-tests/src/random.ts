/**
 * Every random choice of the suite. The same seed gives the same choices, on every machine.
 *
 * The generator is SplitMix32: 32 bits of state, good enough to pick jobs and moments, never for ids that must not collide
 * between boards (those come from the board itself).
 */
export class Random {
  readonly seed: number
  #state: number

  constructor(seed: number) {
    this.seed = seed >>> 0
    this.#state = this.seed
  }

  /** A generator of its own for `label`, so that one case's choices do not depend on the cases before it. */
  static derive(seed: number, label: string): Random {
    let hash = 0x811c9dc5 ^ seed
    for (const char of label) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193)
    return new Random(hash)
  }

  /** A whole number from 0 up to, but not including, `max`. */
  int(max: number): number {
    return Math.floor((this.#next() / 2 ** 32) * max)
  }

  /** True with this probability, one half when it is left out. */
  chance(probability = 0.5): boolean {
    return this.#next() / 2 ** 32 < probability
  }

  /** One of the items, which must not be empty. */
  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError('cannot pick from an empty list')
    return items[this.int(items.length)] as T
  }

  /** The items in another order; the list that was passed in stays as it is. */
  shuffle<T>(items: readonly T[]): T[] {
    const rest = [...items]
    const out: T[] = []
    while (rest.length > 0) out.push(...rest.splice(this.int(rest.length), 1))
    return out
  }

  /** A version 4 UUID made of this generator's choices. */
  uuid(): string {
    const hex = Array.from({ length: 4 }, () => this.#next().toString(16).padStart(8, '0')).join('')
    const variant = '89ab'[this.int(4)]
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`
  }

  #next(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return (mixed ^ (mixed >>> 15)) >>> 0
  }
}
