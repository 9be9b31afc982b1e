import { Jobboard } from '@jobboard/core'
import { sqlite } from '@jobboard/sqlite'
import { LoopDelay } from '../loop-delay.js'
import { serve } from './starter.js'

const workers = 16

/** Posts, claims and consumes as fast as it can for a while, and tells for how long its event loop stood still at worst. */
async function main(dir: string, forMs: number): Promise<void> {
  await using board = await new Jobboard(sqlite({ dir })).connect()
  await serve(async () => {
    using delay = new LoopDelay()
    const until = performance.now() + forMs
    const work = async (): Promise<void> => {
      while (performance.now() < until) await once(board)
    }
    await Promise.all(Array.from({ length: workers }, work))
    return delay.worstMs
  })
}

async function once(board: Jobboard): Promise<void> {
  await board.post('resize', { details: { photo: 7 } })
  const claim = await board.claimNext()
  await claim?.consume()
}

void main(process.argv[2] ?? '', Number(process.argv[3]))
