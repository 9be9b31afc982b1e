import type { Harness } from './harness.js'

/** A harness, or what makes one: a promise, or a function that may take its time. */
export type HarnessSource = Harness | Promise<Harness> | (() => Harness | Promise<Harness>)

/** The harness, at once when it is there already: test runners want their tests registered in the same turn. */
export function readyHarness(source: HarnessSource): Harness | Promise<Harness> {
  return typeof source === 'function' ? source() : source
}
