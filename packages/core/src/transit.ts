/** So many entries leave before their Map is replaced, which costs little then. */
const mostDeleted = 1_000

/**
 * A Map for what comes and goes, such as claims.
 *
 * V8 leads from each table that a Map has outgrown to its next one. Once such a table is old, the quick collections leave
 * it alone, and with it all later ones and whatever was in them: soon everything that ever passed through is copied around
 * until the next full collection, which can cost more than the work itself. A new Map now and then ends the chain.
 */
export class TransitMap<K, V> {
  #map = new Map<K, V>()
  #deleted = 0

  get size(): number {
    return this.#map.size
  }

  get(key: K): V | undefined {
    return this.#map.get(key)
  }

  has(key: K): boolean {
    return this.#map.has(key)
  }

  set(key: K, value: V): void {
    this.#map.set(key, value)
  }

  delete(key: K): void {
    if (!this.#map.delete(key)) return
    this.#deleted += 1
    if (this.#deleted < mostDeleted || this.#deleted < this.#map.size) return
    this.#map = new Map(this.#map)
    this.#deleted = 0
  }

  clear(): void {
    this.#map = new Map()
    this.#deleted = 0
  }

  /** Copies, so that entries may come and go meanwhile. */
  keys(): readonly K[] {
    return [...this.#map.keys()]
  }

  values(): readonly V[] {
    return [...this.#map.values()]
  }

  entries(): readonly (readonly [K, V])[] {
    return [...this.#map]
  }
}

/** The same without values. */
export class TransitSet<T> {
  readonly #items = new TransitMap<T, true>()

  get size(): number {
    return this.#items.size
  }

  has(item: T): boolean {
    return this.#items.has(item)
  }

  add(item: T): void {
    this.#items.set(item, true)
  }

  delete(item: T): void {
    this.#items.delete(item)
  }

  /** A copy, so that items may come and go meanwhile. */
  values(): readonly T[] {
    return this.#items.keys()
  }
}
