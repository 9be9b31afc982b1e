// `vitest` is an optional peer dependency: only who imports this adapter needs it.
import { afterAll, describe, it } from 'vitest'
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
  describe(`${harness.driver} on ${harness.backend} (seed ${suite.seed})`, () => {
    afterAll(async () => {
      await suite.close()
      if (suite.disturbances !== undefined) console.warn(suite.disturbances)
      suite.checkCrashes()
    })
    it('the driver declares what its harness says', () => suite.checkDeclared())
    // Each case has a time limit of its own, which does not run while it waits for its turn.
    for (const one of suite.applicable) {
      it.concurrent(`${one.law} ${one.title} [${one.id}]`, { timeout: 0 }, () => suite.check(one))
    }
  })
}
