import { Jobboard } from '@jobboard/core'
import { sqlite } from '@jobboard/sqlite'
import { LoopDelay } from '../loop-delay.js'
import { tell, told } from './helper.js'

const workers = 16

export interface HammerReport {
  /** The longest time for which the event loop stood still, in milliseconds. */
  readonly worstMs: number
  readonly jobs: number
}

/** Posts, claims and consumes as fast as it can, for so long at a time, and tells how its event loop fared. */
async function main(dir: string, forMs: number): Promise<void> {
  await using board = await new Jobboard(sqlite({ dir })).connect()
  for (;;) {
    tell({ ready: true })
    await told()
    using delay = new LoopDelay()
    const jobs = await hammer(board, performance.now() + forMs)
    const report: HammerReport = { worstMs: delay.worstMs, jobs }
    tell(report)
  }
}

async function hammer(board: Jobboard, until: number): Promise<number> {
  let jobs = 0
  const work = async (): Promise<void> => {
    for (; performance.now() < until; jobs++) await once(board)
  }
  await Promise.all(Array.from({ length: workers }, work))
  return jobs
}

async function once(board: Jobboard): Promise<void> {
  await board.post('resize', { details: { photo: 7 } })
  const claim = await board.claimNext()
  await claim?.consume()
}

void main(process.argv[2] ?? '', Number(process.argv[3]))
