import { memory } from '@jobboard/memory'
import { describe, expect, test } from 'vitest'
import { runSuite } from '../../src/run.js'
import { type BrokenDriver, harnessOf } from './broken-driver.js'

/**
 * What the broken drivers were before they were broken passes every case, whatever the choices are.
 *
 * One seed in the normal run; `JOBBOARD_SEEDS=20 npx vitest run right-drivers` tries twenty in a row.
 */
const seeds = Array.from({ length: Number(process.env['JOBBOARD_SEEDS'] ?? 1) }, (_, i) => i + 1)

const rightDrivers: Readonly<Record<string, BrokenDriver['on']>> = {
  'the memory board': backend => () => memory({ backend }),
  'the memory board, where core chooses': backend => () => memory({ backend, claimNext: false }),
}

describe.each(Object.entries(rightDrivers))('%s passes every case', (name, on) => {
  test.each(seeds)('with seed %i', { timeout: 180_000 }, async seed => {
    const report = await runSuite(harnessOf(name, on), { seed })
    const failed = report.cases.filter(({ status }) => status === 'failed')
    expect(failed.map(({ id, error }) => `${id}: ${error}`)).toEqual([])
    expect(report.counts.passed).toBeGreaterThan(100)
  })
})
