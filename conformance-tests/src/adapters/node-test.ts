import { after, describe, it } from 'node:test'
import { type HarnessSource, readyHarness } from '../harness-source.js'
import { Suite, type SuiteOptions } from '../run.js'

/**
 * Registers one test per case. Await it when the harness is not ready yet:
 *
 * ```ts
 * await conformance(() => startServerAndMakeHarness())
 * ```
 */
export async function conformance(source: HarnessSource, options?: SuiteOptions): Promise<void> {
  const ready = readyHarness(source)
  const harness = ready instanceof Promise ? await ready : ready
  const suite = new Suite(harness, options)
  // The suite limits how many run; here all may wait for their turn.
  describe(`${harness.driver} on ${harness.backend} (seed ${suite.seed})`, { concurrency: true }, () => {
    after(async () => {
      await suite.close()
      if (suite.disturbances !== undefined) console.warn(suite.disturbances)
      suite.checkCrashes()
    })
    it('the driver declares what its harness says', () => suite.checkDeclared())
    for (const one of suite.applicable) {
      it(`${one.law} ${one.title} [${one.id}]`, () => suite.check(one))
    }
  })
}
