import { Jobboard } from '@jobboard/core'
import { memory } from '@jobboard/memory'
import { MapBoard } from '../bare/map-board.js'
import { inFlight } from '../in-flight.js'
import { computed } from '../timing.js'
import { serve } from './starter.js'

const workers = 16
/** Turns before the first that counts: until the engine has compiled what it runs. */
const warmUp = 20

type Cycle = (photo: number) => Promise<void>

/** Posts, claims and consumes so many jobs in each turn, and tells the processor time of one job, in microseconds. */
async function main(side: string, jobs: number): Promise<void> {
  const cycle = side === 'ours' ? await ours() : bare()
  const turn = async (): Promise<number> =>
    ((await computed(() => inFlight(workers, jobs, cycle))) * 1000) / jobs
  for (let i = 0; i < warmUp; i++) await turn()
  await serve(turn)
}

async function ours(): Promise<Cycle> {
  const board = await new Jobboard(memory()).connect()
  return async photo => {
    await board.post('resize', { details: { photo, width: 800 } })
    const claim = await board.claimNext()
    await claim?.consume()
  }
}

function bare(): Cycle {
  const board = new MapBoard()
  return async photo => {
    await board.post('resize', { photo, width: 800 }, 2)
    const claim = await board.claimNext('worker')
    if (claim !== undefined) await board.consume(claim)
  }
}

void main(process.argv[2] ?? '', Number(process.argv[3]))
