import { join } from 'node:path'
import type { Benchmark, Row, Sample } from '../benchmark.js'
import type { Kind } from '../processes/claims.js'
import { Helper } from '../processes/helper.js'
import { takeTurns } from '../take-turns.js'

const small = 100
const large = 100_000
/** Batches of 16 claims on each board in one round. */
const turns = 40

/** Processor time does not count flushes to the disk, which cost the same at any size and would hide what grows. */
export const sqliteClaimCost: Benchmark = claimCost('sqlite', 'sqlite')

export const memoryClaimCost: Benchmark = claimCost('memory', 'memory')

/** For backends that cannot choose the next job themselves. */
export const coreClaimCost: Benchmark = claimCost('core', 'core’s own choice')

/** Each size has a process of its own, so that the small board does not pay for the memory of the large one. */
function claimCost(kind: Kind, label: string): Benchmark {
  const row = (which: string): Row => ({
    label: `${label}: a claim at ${large.toLocaleString('en')} jobs, ${which}`,
    unit: 'µs',
    reference: `at ${small} jobs`,
    target: { of: 'ratio', is: 'at most', limit: 1.5 },
  })
  return {
    name: `claim-cost-${kind}`,
    rows: [row('of any name'), row('of one rare name')],
    async *rounds(count, folder) {
      await using few = await Helper.start<number>('claims', [kind, join(folder, 'few'), small])
      await using many = await Helper.start<number>('claims', [kind, join(folder, 'many'), large])
      const measure = (which: 'any' | 'rare'): Promise<Sample> =>
        takeTurns(
          turns,
          () => few.ask(which),
          () => many.ask(which),
        )
      // Until the engines have compiled what they run.
      for (const which of ['any', 'rare', 'any', 'rare'] as const) await measure(which)
      for (let round = 0; round < count; round++) yield [await measure('any'), await measure('rare')]
    },
  }
}
