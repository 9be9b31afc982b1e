import TinyQueue from 'tinyqueue'
import type { JobHead } from './driver/records.js'
import { type Priority, priorities } from './priority.js'

interface Entry {
  readonly head: JobHead
  /** Taken by a claimer, changed or gone: whoever meets it in a queue drops it. */
  stale: boolean
}

type Queue = TinyQueue<Entry>

/**
 * Ordered view of claimable jobs, for backends that cannot choose by themselves (CLAIM-5).
 *
 * It holds the heads of all jobs that were claimable at the last look, most urgent first, then oldest first, and hands each
 * of them out once. A job that could not be claimed comes back with the change that makes it claimable again.
 */
export class View {
  readonly #spread: number
  readonly #random: () => number
  readonly #entries = new Map<string, Entry>()
  readonly #all = queues()
  readonly #byName = new Map<string, ReadonlyMap<Priority, Queue>>()
  /** Delayed jobs, the earliest first. */
  readonly #delayed = new TinyQueue<Entry>(
    [],
    (a, b) => (a.head.availableAt ?? 0) - (b.head.availableAt ?? 0),
  )

  constructor(spread: number, random: () => number = Math.random) {
    this.#spread = spread
    this.#random = random
  }

  get size(): number {
    return this.#entries.size
  }

  add(head: JobHead): void {
    this.remove(head.id)
    const entry = { head, stale: false }
    this.#entries.set(head.id, entry)
    if (head.availableAt === undefined) this.#enqueue(entry)
    else this.#delayed.push(entry)
  }

  remove(jobId: string): void {
    const entry = this.#entries.get(jobId)
    if (entry === undefined) return
    entry.stale = true
    this.#entries.delete(jobId)
  }

  /**
   * Takes a job out: of the most urgent priority that has any, one of the first few, so that claimers side by side do
   * not spend their time failing on each other.
   */
  take(names: readonly string[] | undefined, now: number): JobHead | undefined {
    this.#ripen(now)
    for (const priority of priorities) {
      const queued =
        names === undefined
          ? [this.#all.get(priority)]
          : names.map(name => this.#byName.get(name)?.get(priority))
      const entry = this.#choose(queued.filter(queue => queue !== undefined))
      if (entry !== undefined) {
        this.remove(entry.head.id)
        return entry.head
      }
    }
    return undefined
  }

  /** When the first delayed job becomes claimable, milliseconds since 1970. */
  get nextAvailableAt(): number | undefined {
    return fresh(this.#delayed)?.head.availableAt
  }

  #ripen(now: number): void {
    for (
      let entry = fresh(this.#delayed);
      entry !== undefined && (entry.head.availableAt ?? 0) <= now;
      entry = fresh(this.#delayed)
    ) {
      this.#delayed.pop()
      this.#enqueue(entry)
    }
  }

  #enqueue(entry: Entry): void {
    const { name, priority } = entry.head
    let named = this.#byName.get(name)
    if (named === undefined) {
      named = queues()
      this.#byName.set(name, named)
    }
    this.#all.get(priority)?.push(entry)
    named.get(priority)?.push(entry)
  }

  #choose(queued: readonly Queue[]): Entry | undefined {
    const first: { readonly entry: Entry; readonly queue: Queue }[] = []
    while (first.length < this.#spread) {
      const queue = oldest(queued)
      const entry = queue?.pop()
      if (queue === undefined || entry === undefined) break
      first.push({ entry, queue })
    }
    const chosen = first[Math.floor(this.#random() * first.length)]
    for (const { entry, queue } of first) if (entry !== chosen?.entry) queue.push(entry)
    return chosen?.entry
  }
}

function queues(): ReadonlyMap<Priority, Queue> {
  return new Map(priorities.map(priority => [priority, new TinyQueue<Entry>([], byAge)]))
}

function byAge(a: Entry, b: Entry): number {
  return a.head.order < b.head.order ? -1 : 1
}

/** The queue whose first entry is the oldest. */
function oldest(queued: readonly Queue[]): Queue | undefined {
  let best: Queue | undefined
  for (const queue of queued) {
    const entry = fresh(queue)
    if (entry !== undefined && (best === undefined || byAge(entry, best.peek() as Entry) < 0)) best = queue
  }
  return best
}

/** The first entry that is not stale; stale ones are dropped on the way. */
function fresh(queue: Queue): Entry | undefined {
  let entry = queue.peek()
  while (entry?.stale) {
    queue.pop()
    entry = queue.peek()
  }
  return entry
}
