import { describe, expect, it } from 'vitest'
import type { JobHead } from '../src/driver/records.js'
import { type Entry, Line } from '../src/line.js'
import { priorities, priorityRank } from '../src/priority.js'
import { View } from '../src/view.js'

/** The same numbers for the same seed. */
function chance(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

function anyHead(below: (max: number) => number, order: bigint): JobHead {
  const availableAt = below(4) === 0 ? { availableAt: 1 + below(50) } : {}
  const priority = priorities[below(priorities.length)] ?? 'NORMAL'
  return { id: `${below(40)}`, name: 'abc'.charAt(below(3)), priority, order, ...availableAt }
}

/** The same in its plainest form. */
class Model {
  readonly #heads = new Map<string, JobHead>()

  add(head: JobHead): void {
    this.#heads.set(head.id, head)
  }

  remove(jobId: string): void {
    this.#heads.delete(jobId)
  }

  take(names: readonly string[] | undefined, now: number): JobHead | undefined {
    const [first] = [...this.#heads.values()]
      .filter(({ availableAt = 0 }) => availableAt <= now)
      .filter(({ name }) => names === undefined || names.includes(name))
      .toSorted((a, b) => priorityRank(a.priority) - priorityRank(b.priority) || (a.order < b.order ? -1 : 1))
    if (first !== undefined) this.#heads.delete(first.id)
    return first
  }
}

function compareWithModel(seed: number): void {
  const below = chance(seed)
  const [view, model] = [new View(1), new Model()]
  let now = 0
  for (let order = 1n; order < 300n; order++) {
    const what = below(10)
    // Most jobs come in order; those that are given back are older than the rest.
    const head = anyHead(below, below(5) === 0 ? -order : order)
    const names = [undefined, ['a'], ['c', 'b'], ['d']][below(4)]
    if (what < 5) for (const one of [view, model]) one.add(head)
    else if (what < 6) for (const one of [view, model]) one.remove(head.id)
    else expect(view.take(names, now), `seed ${seed}`).toEqual(model.take(names, now))
    now += below(2)
  }
}

describe('View', () => {
  it('hands out what a plain list would, in the same order', () => {
    for (let seed = 0; seed < 200; seed++) compareWithModel(seed)
  })

  it('hands out each of the first few, and never a lower priority before a higher one', () => {
    const view = new View(4)
    for (let i = 0; i < 20; i++)
      view.add({ id: `${i}`, name: 'a', priority: i % 2 === 0 ? 'HIGH' : 'LOW', order: BigInt(i) })
    const taken = Array.from({ length: 20 }, () => view.take(undefined, 0))
    expect(taken.map(head => head?.priority)).toEqual([...Array(10).fill('HIGH'), ...Array(10).fill('LOW')])
    expect(new Set(taken.map(head => head?.id)).size).toBe(20)
    for (const [i, head] of taken.slice(0, 10).entries())
      expect(Number(head?.order)).toBeLessThan(2 * (i + 4))
    expect(view.take(undefined, 0)).toBeUndefined()
  })
})

describe('Line', () => {
  it('does not keep those who left while nobody looked', () => {
    const line = new Line((a, b) => Number(a.head.order - b.head.order))
    for (let i = 0; i < 10_000; i++) {
      const head: JobHead = { id: `${i}`, name: 'a', priority: 'NORMAL', order: BigInt(i % 7 === 0 ? -i : i) }
      const entry: Entry = { head, lines: [line], stale: false }
      line.join(entry)
      entry.stale = true
      line.leave()
    }
    expect(line.empty).toBe(true)
    expect(line.length).toBeLessThan(100)
    expect(line.first()).toBeUndefined()
  })
})
