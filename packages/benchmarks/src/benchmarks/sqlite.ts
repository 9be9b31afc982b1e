import { join } from 'node:path'
import { Jobboard } from '@jobboard/core'
import { sqlite } from '@jobboard/sqlite'
import { SqliteBoard } from '../bare/sqlite-board.js'
import type { Benchmark } from '../benchmark.js'
import { inFlight } from '../in-flight.js'
import { takeTurns } from '../take-turns.js'
import { timed } from '../timing.js'

const workers = 16
const turns = 4
/** Of each side in one turn. */
const jobs = 160

/** What joining the steps of many callers into one commit brings, where a commit is what costs. */
export const sqliteCycle: Benchmark = {
  name: 'sqlite',
  rows: [
    {
      label: `sqlite: claim, consume; ${workers} in flight`,
      unit: 'jobs/s',
      reference: 'SQLite, each step its own commit',
      target: { of: 'ratio', is: 'at least', limit: 1.5 },
    },
  ],
  async *rounds(count, folder) {
    await using board = await new Jobboard(sqlite({ dir: join(folder, 'sqlite') })).connect()
    using bare = await SqliteBoard.open(folder, board.server)
    const runOurs = async (): Promise<number> => {
      await inFlight(jobs, jobs, photo => board.post('resize', { details: { photo, width: 800 } }))
      return timed(() => inFlight(workers, jobs, () => oursOnce(board)))
    }
    const runBare = (): Promise<number> => {
      bare.fill(jobs, 'resize', '{"photo":1,"width":800}', 2)
      return timed(() => inFlight(workers, jobs, worker => bareOnce(bare, `worker ${worker}`)))
    }
    for (let round = 0; round < count; round++) {
      const ms = await takeTurns(turns, runBare, runOurs)
      const perSecond = jobs * 1000
      yield [{ reference: perSecond / ms.reference, ours: perSecond / ms.ours }]
    }
  },
}

async function oursOnce(board: Jobboard): Promise<void> {
  const claim = await board.claimNext()
  if (claim === undefined) throw new Error('a job is missing')
  await claim.consume()
}

async function bareOnce(board: SqliteBoard, owner: string): Promise<void> {
  const row = await board.claimNext(owner)
  if (row === undefined) throw new Error('a job is missing')
  await board.consume(row, owner)
}
