import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JobHead } from '../src/driver/records.js'
import { Line } from '../src/line.js'
import { priorities, priorityRank } from '../src/priority.js'
import { View } from '../src/view.js'

/** The order in which jobs are chosen where the backend cannot choose (CLAIM-5). */

/** The same in its plainest form. */
class Model {
  readonly #heads = new Map<string, JobHead>()

  add(head: JobHead): void {
    this.#heads.set(head.id, head)
  }

  remove(jobId: string): void {
    this.#heads.delete(jobId)
  }

  /** The first few of the most urgent priority that has any. */
  first(few: number, names: readonly string[] | undefined, now: number): readonly JobHead[] {
    const claimable = [...this.#heads.values()]
      .filter(({ availableAt = 0 }) => availableAt <= now)
      .filter(({ name }) => names === undefined || names.includes(name))
      .toSorted((a, b) => priorityRank(a.priority) - priorityRank(b.priority) || (a.order < b.order ? -1 : 1))
    return claimable.filter(({ priority }) => priority === claimable[0]?.priority).slice(0, few)
  }

  /** When the next delay after `now` ends. */
  next(now: number): number | undefined {
    const ends = [...this.#heads.values()].flatMap(({ availableAt = 0 }) =>
      availableAt > now ? [availableAt] : [],
    )
    return ends.length === 0 ? undefined : Math.min(...ends)
  }

  get size(): number {
    return this.#heads.size
  }
}

type Step =
  | { readonly do: 'add'; readonly head: Omit<JobHead, 'order'>; readonly old: boolean }
  | { readonly do: 'remove'; readonly id: string }
  | { readonly do: 'take'; readonly names: readonly string[] | undefined; readonly chance: number }
  | { readonly do: 'wait'; readonly ms: number }

const id = fc.integer({ min: 0, max: 30 }).map(String)
const name = fc.constantFrom('a', 'b', 'c')
const head = fc.record(
  { id, name, priority: fc.constantFrom(...priorities), availableAt: fc.integer({ min: 0, max: 60 }) },
  { requiredKeys: ['id', 'name', 'priority'] },
)
const step: fc.Arbitrary<Step> = fc.oneof(
  // Most jobs come in order; those that are given back are older than the rest.
  { weight: 5, arbitrary: fc.record({ do: fc.constant('add'), head, old: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove'), id }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('take'),
      names: fc.option(fc.uniqueArray(fc.oneof(name, fc.constant('d')), { minLength: 1 }), {
        nil: undefined,
      }),
      chance: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait'), ms: fc.integer({ min: 1, max: 20 }) }) },
)

function compare(spread: number, steps: readonly Step[]): void {
  let chance = 0
  const [view, model] = [new View(spread, () => chance), new Model()]
  let [now, order] = [0, 0n]
  for (const step of steps) {
    order += 1n
    if (step.do === 'add') {
      const placed = { ...step.head, order: step.old ? -order : order }
      view.add(placed)
      model.add(placed)
    } else if (step.do === 'remove') {
      view.remove(step.id)
      model.remove(step.id)
    } else if (step.do === 'take') {
      chance = step.chance
      const first = model.first(spread, step.names, now)
      const taken = view.take(step.names, now)
      expect(taken).toEqual(first[Math.floor(chance * first.length)])
      if (taken !== undefined) model.remove(taken.id)
      expect(view.nextAvailableAt).toBe(model.next(now))
    } else {
      now += step.ms
    }
    expect(view.size).toBe(model.size)
  }
}

describe('a view', () => {
  it('hands out what a plain list would, each job once, and knows when the next delay ends', () => {
    const steps = fc.array(step, { maxLength: 200, size: 'max' })
    fc.assert(fc.property(fc.constantFrom(1, 2, 5, 16), steps, compare), { numRuns: 200 })
  })

  it('hands out each of the first few, and never a lower priority before a higher one', () => {
    const view = new View(4)
    for (let i = 0; i < 20; i++)
      view.add({ id: `${i}`, name: 'a', priority: i % 2 === 0 ? 'HIGH' : 'LOW', order: BigInt(i) })
    const taken = Array.from({ length: 20 }, () => view.take(undefined, 0))
    expect(taken.map(head => head?.priority)).toEqual([...Array(10).fill('HIGH'), ...Array(10).fill('LOW')])
    expect(new Set(taken.map(head => head?.id)).size).toBe(20)
    expect(view.take(undefined, 0)).toBeUndefined()
  })

  it('takes the last changed word on a job', () => {
    const view = new View(1)
    const job: JobHead = { id: 'j', name: 'a', priority: 'LOW', order: 1n }
    view.add(job)
    view.add({ ...job, availableAt: 50 })
    expect(view.take(undefined, 49)).toBeUndefined()
    expect(view.take(['a'], 50)?.id).toBe('j')
    expect(view.size).toBe(0)
  })
})

describe('a line', () => {
  it('does not keep those who left while nobody looked', () => {
    const line = new Line<{ readonly order: number; stale: boolean }>((a, b) => a.order - b.order)
    for (let i = 0; i < 10_000; i++) {
      const entry = { order: i % 7 === 0 ? -i : i, stale: false }
      line.join(entry)
      entry.stale = true
      line.leave()
    }
    expect(line.empty).toBe(true)
    expect(line.length).toBeLessThan(100)
    expect(line.first()).toBeUndefined()
  })
})
