import { describe, expect, it } from 'vitest'
import type { Benchmark, Row } from '../src/benchmark.js'
import { inFlight } from '../src/in-flight.js'
import { judge, run } from '../src/run.js'
import { percentile } from '../src/statistics.js'

const ratioAtMost: Row = {
  label: 'row',
  unit: 'ms',
  reference: 'bare',
  target: { of: 'ratio', is: 'at most', limit: 2 },
}

describe('judging', () => {
  it('compares the medians of both sides, whatever single rounds were like', () => {
    const samples = [
      { ours: 20, reference: 10 },
      { ours: 900, reference: 11 },
      { ours: 19, reference: 1 },
    ]
    const result = judge('name', ratioAtMost, samples)
    expect([result.oursMedian, result.referenceMedian, result.ratio, result.met]).toEqual([20, 10, 2, true])
    const slower = samples.map(({ ours, reference }) => ({ ours: ours + 1, reference }))
    expect(judge('name', ratioAtMost, slower).met).toBe(false)
  })

  it('holds a figure without a reference against its own limit', () => {
    const row: Row = { label: 'row', unit: 'jobs/s', target: { of: 'ours', is: 'at least', limit: 5 } }
    expect(judge('name', row, [{ ours: 5 }]).met).toBe(true)
    expect(judge('name', row, [{ ours: 4.9 }]).met).toBe(false)
  })

  it('runs the rounds that were asked for, and gives each row its own samples', async () => {
    const benchmark: Benchmark = {
      name: 'name',
      rows: [ratioAtMost, { ...ratioAtMost, label: 'other' }],
      async *rounds(count) {
        for (let i = 0; i < count; i++) yield [{ ours: i }, { ours: 10 * i }]
      },
    }
    const seen: number[] = []
    const results = await run(benchmark, 3, '', round => seen.push(round))
    expect(results.map(({ oursMedian }) => oursMedian)).toEqual([1, 10])
    expect(seen).toEqual([1, 2, 3])
  })
})

it('a percentile is one of the values', () => {
  const values = Array.from({ length: 100 }, (_, i) => 100 - i)
  expect([0, 0.5, 0.99, 1].map(part => percentile(values, part))).toEqual([1, 50, 99, 100])
  expect(() => percentile([], 0.5)).toThrow(RangeError)
})

it('so many are in flight, no more and no fewer', async () => {
  let now = 0
  let most = 0
  const done: number[] = []
  await inFlight(4, 10, async index => {
    now += 1
    most = Math.max(most, now)
    await new Promise(resolve => setImmediate(resolve))
    now -= 1
    done.push(index)
  })
  expect(most).toBe(4)
  expect(done.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
})
