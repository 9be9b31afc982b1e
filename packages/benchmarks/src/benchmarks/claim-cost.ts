import { join } from 'node:path'
import { type Claim, Jobboard, type Priority, priorities } from '@jobboard/core'
import type { JobboardDriver } from '@jobboard/core/driver'
import { memory } from '@jobboard/memory'
import { sqlite } from '@jobboard/sqlite'
import type { Benchmark, Row, Sample } from '../benchmark.js'
import { inFlight } from '../in-flight.js'
import { computed, takeTurns } from '../side-by-side.js'

const small = 100
const large = 100_000
const workers = 16
/** Batches of `workers` claims on each board in one round. */
const turns = 40
/** Posted last and with low priority: whoever looks for this name by walking over the board passes all other jobs. */
const rare = { name: 'rare', count: 32, priority: 'LOW' } as const

/** Processor time does not count flushes to the disk, which cost the same at any size and would hide what grows. */
export const sqliteClaimCost: Benchmark = claimCost('sqlite', 'claim-cost-sqlite', dir => sqlite({ dir }))

export const memoryClaimCost: Benchmark = claimCost('memory', 'claim-cost-memory', () => memory())

/** For backends that cannot choose the next job themselves. */
export const coreClaimCost: Benchmark = claimCost('core’s own choice', 'claim-cost-core', () =>
  memory({ claimNext: false }),
)

function claimCost(label: string, name: string, driver: (dir: string) => JobboardDriver): Benchmark {
  const row = (which: string): Row => ({
    label: `${label}: a claim at ${large.toLocaleString('en')} jobs, ${which}`,
    unit: 'µs',
    reference: `at ${small} jobs`,
    target: { of: 'ratio', is: 'at most', limit: 1.5 },
  })
  return {
    name,
    rows: [row('of any name'), row('of one rare name')],
    async *rounds(count, folder) {
      await using few = await filled(driver(join(folder, 'few')), small)
      await using many = await filled(driver(join(folder, 'many')), large)
      const measure = async (names?: string): Promise<Sample> => {
        const ms = await takeTurns(
          turns,
          () => claimsOf(few, names),
          () => claimsOf(many, names),
        )
        const claims = turns * workers
        return { reference: (ms.reference * 1000) / claims, ours: (ms.ours * 1000) / claims }
      }
      await measure()
      await measure(rare.name)
      for (let round = 0; round < count; round++) yield [await measure(), await measure(rare.name)]
    },
  }
}

/** Claims together, and puts the same jobs back afterwards, at the end of their lines: only the claims count. */
async function claimsOf(board: Jobboard, names: string | undefined): Promise<number> {
  let claims: readonly (Claim | undefined)[] = []
  const ms = await computed(async () => {
    const wanted = Array.from({ length: workers }, () =>
      board.claimNext(names === undefined ? {} : { names }),
    )
    claims = await Promise.all(wanted)
  })
  await Promise.all(claims.map(claim => putBack(board, claim)))
  return ms
}

async function putBack(board: Jobboard, claim: Claim | undefined): Promise<void> {
  if (claim === undefined) throw new Error('a job is missing')
  await claim.consume()
  await board.post(claim.job.name, { priority: claim.job.priority })
}

async function filled(driver: JobboardDriver, size: number): Promise<Jobboard> {
  const board = await new Jobboard(driver).connect()
  await inFlight(256, size - rare.count, i => board.post(`name ${i % 10}`, { priority: priorityOf(i) }))
  await inFlight(1, rare.count, () => board.post(rare.name, { priority: rare.priority }))
  return board
}

/** Each name in each priority. */
function priorityOf(index: number): Priority {
  return priorities[Math.floor(index / 10) % priorities.length] ?? 'NORMAL'
}
