import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Jobboard } from '@jobboard/core'
import { sqlite } from '@jobboard/sqlite'
import type { Benchmark, Target } from '../benchmark.js'
import type { ClaimTold } from '../processes/claimer.js'
import { Helper } from '../processes/helper.js'
import { sharedNow } from '../shared-clock.js'
import { percentile } from '../statistics.js'

const postsPerRound = 100
const target: Target = { of: 'ours', is: 'at most', limit: 50 }

/** From the moment when a producer knows that its job is posted to the claim by a worker that slept in another process. */
export const wakeUp: Benchmark = {
  name: 'wake-up',
  rows: [
    { label: 'sqlite: post to claim in a sleeping process, median', unit: 'ms', target },
    { label: 'sqlite: post to claim in a sleeping process, 99 %', unit: 'ms', target },
  ],
  async *rounds(count, folder) {
    const dir = join(folder, 'wake-up')
    await using board = await new Jobboard(sqlite({ dir })).connect()
    await using claimer = await Helper.start<ClaimTold>('claimer', [dir])
    for (let round = 0; round < count; round++) {
      const latencies: number[] = []
      while (latencies.length < postsPerRound) latencies.push(await latency(board, claimer))
      yield [{ ours: percentile(latencies, 0.5) }, { ours: percentile(latencies, 0.99) }]
    }
  },
}

async function latency(board: Jobboard, claimer: Helper<ClaimTold>): Promise<number> {
  // Long enough for the worker to fall asleep, and at any point of its rhythm.
  await sleep(30 + Math.random() * 50)
  const { id } = await board.post('wake')
  const acknowledged = sharedNow()
  const { jobId, at } = await claimer.next()
  if (jobId !== id) throw new Error(`${id} was posted, but ${jobId} claimed`)
  // The claim can come before the producer's own promise resolves.
  return Math.max(0, Number(BigInt(at) - acknowledged) / 1e6)
}
