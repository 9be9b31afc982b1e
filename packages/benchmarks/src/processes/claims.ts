import { type Claim, Jobboard, type Priority, priorities } from '@jobboard/core'
import type { JobboardDriver } from '@jobboard/core/driver'
import { memory } from '@jobboard/memory'
import { sqlite } from '@jobboard/sqlite'
import { inFlight } from '../in-flight.js'
import { computed } from '../timing.js'
import { serve } from './starter.js'

const workers = 16
/** Posted last and with low priority: whoever looks for this name by walking over the board passes all other jobs. */
const rare = { name: 'rare', count: 32, priority: 'LOW' } as const

export type Kind = 'sqlite' | 'memory' | 'core'

const drivers: Readonly<Record<Kind, (dir: string) => JobboardDriver>> = {
  sqlite: dir => sqlite({ dir }),
  memory: () => memory(),
  core: () => memory({ claimNext: false }),
}

/** Fills a board; asked, it makes claims, of the rare name or of any, and tells the processor time of one, in microseconds. */
async function main(kind: Kind, dir: string, size: number): Promise<void> {
  await using board = await new Jobboard(drivers[kind](dir)).connect()
  await inFlight(256, size - rare.count, i => board.post(`name ${i % 10}`, { priority: priorityOf(i) }))
  await inFlight(1, rare.count, () => board.post(rare.name, { priority: rare.priority }))
  await serve(question => claimsOf(board, question === 'rare' ? { names: rare.name } : {}))
}

/** Claims together, and puts the same jobs back afterwards, at the end of their lines: only the claims count. */
async function claimsOf(board: Jobboard, options: { readonly names?: string }): Promise<number> {
  let claims: readonly (Claim | undefined)[] = []
  const ms = await computed(async () => {
    claims = await Promise.all(Array.from({ length: workers }, () => board.claimNext(options)))
  })
  await Promise.all(claims.map(claim => putBack(board, claim)))
  return (ms * 1000) / workers
}

async function putBack(board: Jobboard, claim: Claim | undefined): Promise<void> {
  if (claim === undefined) throw new Error('a job is missing')
  await claim.consume()
  await board.post(claim.job.name, { priority: claim.job.priority })
}

/** Each name in each priority. */
function priorityOf(index: number): Priority {
  return priorities[Math.floor(index / 10) % priorities.length] ?? 'NORMAL'
}

const [kind, dir = '', size] = process.argv.slice(2)
void main(kind as Kind, dir, Number(size))
