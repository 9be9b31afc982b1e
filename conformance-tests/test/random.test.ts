import { expect, test } from 'vitest'
import type { ConformanceCase } from '../src/case.js'
import { Random } from '../src/random.js'
import { runSuite } from '../src/run.js'
import { harness } from './fixtures/memory-harness.js'

function choicesOf(random: Random): unknown[] {
  return [
    random.int(1_000_000),
    random.pick(['a', 'b', 'c', 'd']),
    random.shuffle([1, 2, 3, 4, 5, 6, 7, 8]),
    random.chance(),
    random.uuid(),
  ]
}

/** What a case chooses in a run with this seed. */
async function choicesInRun(seed: number, id = 'posting/any'): Promise<unknown[]> {
  const chosen: unknown[] = []
  const chooser: ConformanceCase = {
    id,
    law: 'POST-1',
    title: 'choices',
    needs: [],
    run: async world => void chosen.push(...choicesOf(world.random)),
  }
  await runSuite(harness, { cases: [chooser], seed })
  return chosen
}

test('a seed replays every choice of a case, whatever else is run', async () => {
  expect(await choicesInRun(7)).toEqual(await choicesInRun(7))
  expect(await choicesInRun(7)).not.toEqual(await choicesInRun(8))
})

test('cases of one run choose independently', async () => {
  expect(await choicesInRun(7, 'posting/one')).not.toEqual(await choicesInRun(7, 'posting/other'))
})

test('numbers are spread over their range', () => {
  const random = new Random(1)
  const counts = new Map<number, number>()
  for (let i = 0; i < 10_000; i += 1) {
    const n = random.int(10)
    counts.set(n, (counts.get(n) ?? 0) + 1)
  }
  expect([...counts.keys()].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  for (const count of counts.values()) expect(count).toBeGreaterThan(850)
})

test('a shuffle keeps every item and leaves the list alone', () => {
  const items = Object.freeze(['a', 'b', 'c', 'd', 'e'])
  const shuffled = new Random(3).shuffle(items)
  expect(shuffled).not.toEqual(items)
  expect(shuffled.toSorted()).toEqual(items)
})

test('uuids are of version 4 and differ', () => {
  const random = new Random(5)
  const ids = Array.from({ length: 1_000 }, () => random.uuid())
  expect(new Set(ids).size).toBe(1_000)
  for (const id of ids)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})

test('nothing can be picked from nothing', () => {
  expect(() => new Random(1).pick([])).toThrow(RangeError)
})
