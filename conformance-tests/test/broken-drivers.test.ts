import { describe, expect, test } from 'vitest'
import { allCases } from '../src/cases/index.js'
import type { Law } from '../src/laws.js'
import type { CaseReport } from '../src/report.js'
import { runSuite } from '../src/run.js'
import { brokenDrivers } from './broken-drivers/all.js'
import { harnessOf } from './broken-drivers/broken-driver.js'

// Ten thousand jobs say nothing of a defect that a few do not say, and take long.
const cases = allCases.filter(({ id }) => !id.endsWith('-of-many'))

/** Drivers broken on purpose: the cases of the laws that were named beforehand must fail, and no others. */
describe('a driver is caught by the laws that it breaks, and by no others', () => {
  test('at least fifteen are broken, each in its own way', () => {
    const names = brokenDrivers.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(names.length).toBeGreaterThanOrEqual(15)
    const unexplained = brokenDrivers.filter(({ laws, because }) => laws.length > 1 && because === undefined)
    expect(unexplained).toEqual([])
  })

  for (const { name, laws, on } of brokenDrivers) {
    test(`${laws.join(', ')}: ${name}`, async () => {
      const report = await runSuite(harnessOf(name, on), { cases })
      const failed = report.cases.filter(({ status }) => status === 'failed')
      const blamed = new Set(failed.flatMap(one => one.blames ?? []))
      expect([...blamed].sort(), tell(failed, laws, report.seed)).toEqual([...laws].sort())
    })
  }
})

function tell(failed: readonly CaseReport[], laws: readonly Law[], seed: number): string {
  const lines = failed.map(({ id, law, blames = [], error = '' }) => {
    const expected = blames.every(blamed => laws.includes(blamed))
    return expected ? `${id} (${law})` : `${id} (${law}), not expected: ${blames}\n${error}`
  })
  return [`seed ${seed}`, ...lines].join('\n')
}
