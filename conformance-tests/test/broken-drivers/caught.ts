import { expect, test } from 'vitest'
import { allCases } from '../../src/cases/index.js'
import type { Law } from '../../src/laws.js'
import type { CaseReport } from '../../src/report.js'
import { runSuite } from '../../src/run.js'
import { type BrokenDriver, harnessOf } from './broken-driver.js'

// Ten thousand jobs say nothing of a defect that a few do not say, and take long.
const cases = allCases.filter(({ id }) => !id.endsWith('-of-many'))

/**
 * Drivers broken on purpose: the cases of the laws that were named beforehand must fail, and no others.
 *
 * Each group has a test file, and so a process, of its own: engines get slower with every driver that they meet.
 */
export function testCaught(drivers: Readonly<Record<string, BrokenDriver>>): void {
  test.each(Object.values(drivers))('$laws: $name', async ({ name, laws, on }) => {
    const report = await runSuite(harnessOf(name, on), { cases })
    const failed = report.cases.filter(({ status }) => status === 'failed')
    const blamed = new Set(failed.flatMap(one => one.blames ?? []))
    expect([...blamed].sort(), tell(failed, laws, report.seed)).toEqual([...laws].sort())
  })
}

function tell(failed: readonly CaseReport[], laws: readonly Law[], seed: number): string {
  const lines = failed.map(({ id, law, blames = [], error = '' }) => {
    const expected = blames.every(blamed => laws.includes(blamed))
    return expected ? `${id} (${law})` : `${id} (${law}), not expected: ${blames}\n${error}`
  })
  return [`seed ${seed}`, ...lines].join('\n')
}
