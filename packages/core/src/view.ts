import type { JobHead } from './driver/records.js'
import { Line, type Queued } from './line.js'
import { type Priority, priorities } from './priority.js'
import { TransitMap } from './transit.js'

/** A job in the lines of a view. It goes stale when it is taken by a claimer, changed or gone. */
interface Entry extends Queued {
  readonly head: JobHead
  /** The lines in which it stands. */
  readonly lines: readonly Line<Entry>[]
}

/** The jobs of one priority: all of them, and those of each name that any has. */
interface Rank {
  readonly all: Line<Entry>
  readonly byName: Map<string, Line<Entry>>
}

/**
 * Ordered view of claimable jobs, for backends that cannot choose by themselves (CLAIM-5).
 *
 * It holds the heads of all jobs that were claimable at the last look, most urgent first, then oldest first, and hands each
 * of them out once. A job that could not be claimed comes back with the change that makes it claimable again.
 */
export class View {
  readonly #spread: number
  readonly #random: () => number
  readonly #entries = new TransitMap<string, Entry>()
  readonly #ranks: ReadonlyMap<Priority, Rank> = new Map(
    priorities.map(priority => [
      priority,
      { all: new Line<Entry>(byAge), byName: new Map<string, Line<Entry>>() },
    ]),
  )
  /** Delayed jobs, the earliest first. */
  readonly #delayed = new Line<Entry>(byTime)

  constructor(spread: number, random: () => number = Math.random) {
    this.#spread = spread
    this.#random = random
  }

  get size(): number {
    return this.#entries.size
  }

  add(head: JobHead): void {
    this.remove(head.id)
    if (head.availableAt === undefined) this.#enqueue(head)
    else this.#place({ head, lines: [this.#delayed], stale: false })
  }

  remove(jobId: string): void {
    const entry = this.#entries.get(jobId)
    if (entry === undefined) return
    this.#entries.delete(jobId)
    entry.stale = true
    for (const line of entry.lines) line.leave()
    this.#dropName(entry.head)
  }

  /**
   * Takes a job out: of the most urgent priority that has any, one of the first few, so that claimers side by side do
   * not spend their time failing on each other.
   */
  take(names: readonly string[] | undefined, now: number): JobHead | undefined {
    this.#ripen(now)
    for (const rank of this.#ranks.values()) {
      const entry = this.#choose(linesOf(rank, names))
      if (entry !== undefined) {
        this.remove(entry.head.id)
        return entry.head
      }
    }
    return undefined
  }

  /** Whether there is anything to take. */
  offers(names: readonly string[] | undefined, now: number): boolean {
    this.#ripen(now)
    return [...this.#ranks.values()].some(rank => linesOf(rank, names).some(line => !line.empty))
  }

  /** When the first delayed job becomes claimable, milliseconds since 1970. */
  get nextAvailableAt(): number | undefined {
    return this.#delayed.first()?.head.availableAt
  }

  #ripen(now: number): void {
    for (
      let entry = this.#delayed.first();
      entry !== undefined && (entry.head.availableAt ?? 0) <= now;
      entry = this.#delayed.first()
    ) {
      this.remove(entry.head.id)
      this.#enqueue(entry.head)
    }
  }

  #enqueue(head: JobHead): void {
    const rank = this.#ranks.get(head.priority)
    if (rank === undefined) return
    const named = rank.byName.get(head.name) ?? new Line<Entry>(byAge)
    rank.byName.set(head.name, named)
    this.#place({ head, lines: [rank.all, named], stale: false })
  }

  #place(entry: Entry): void {
    this.#entries.set(entry.head.id, entry)
    for (const line of entry.lines) line.join(entry)
  }

  /** Names come and go; a line that nobody stands in is not kept. */
  #dropName({ name, priority }: JobHead): void {
    const byName = this.#ranks.get(priority)?.byName
    if (byName?.get(name)?.empty) byName.delete(name)
  }

  #choose(lines: readonly Line<Entry>[]): Entry | undefined {
    const first: { readonly entry: Entry; readonly line: Line<Entry> }[] = []
    while (first.length < this.#spread) {
      const line = oldest(lines)
      const entry = line?.take()
      if (line === undefined || entry === undefined) break
      first.push({ entry, line })
    }
    const chosen = first[Math.floor(this.#random() * first.length)]
    for (const { entry, line } of first) if (entry !== chosen?.entry) line.putBack(entry)
    return chosen?.entry
  }
}

function linesOf({ all, byName }: Rank, names: readonly string[] | undefined): readonly Line<Entry>[] {
  return names === undefined ? [all] : names.flatMap(name => byName.get(name) ?? [])
}

function byAge(a: Entry, b: Entry): number {
  return a.head.order < b.head.order ? -1 : 1
}

function byTime(a: Entry, b: Entry): number {
  return (a.head.availableAt ?? 0) - (b.head.availableAt ?? 0)
}

/** The line whose first entry is the oldest. */
function oldest(lines: readonly Line<Entry>[]): Line<Entry> | undefined {
  let best: Line<Entry> | undefined
  let age: Entry | undefined
  for (const line of lines) {
    const entry = line.first()
    if (entry !== undefined && (age === undefined || byAge(entry, age) < 0)) {
      best = line
      age = entry
    }
  }
  return best
}
