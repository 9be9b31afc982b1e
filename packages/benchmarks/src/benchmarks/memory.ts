import { Jobboard } from '@jobboard/core'
import { memory } from '@jobboard/memory'
import { MapBoard } from '../bare/map-board.js'
import type { Benchmark, Sample } from '../benchmark.js'
import { inFlight } from '../in-flight.js'
import { computed, takeTurns } from '../side-by-side.js'

const workers = 16
const turns = 10
/** Jobs of one turn; more of the bare ones, so that both sides run about as long. */
const ours = 2_000
const bare = 20_000

/** How much core costs where the backend costs nothing. */
export const memoryCycle: Benchmark = {
  name: 'memory',
  rows: [
    {
      label: `core on memory: post, claim, consume; ${workers} in flight`,
      unit: 'µs',
      reference: 'a Map and promises',
      target: { of: 'ratio', is: 'at most', limit: 15 },
    },
  ],
  async *rounds(count) {
    await using board = await new Jobboard(memory()).connect()
    const map = new MapBoard()
    const runOurs = (): Promise<number> =>
      computed(() => inFlight(workers, ours, index => oursOnce(board, index)))
    const runBare = (): Promise<number> =>
      computed(() => inFlight(workers, bare, index => bareOnce(map, index)))
    await takeTurns(2, runBare, runOurs)
    for (let round = 0; round < count; round++) yield [perJob(await takeTurns(turns, runBare, runOurs))]
  },
}

async function oursOnce(board: Jobboard, photo: number): Promise<void> {
  await board.post('resize', { details: { photo, width: 800 } })
  const claim = await board.claimNext()
  await claim?.consume()
}

async function bareOnce(board: MapBoard, photo: number): Promise<void> {
  await board.post('resize', { photo, width: 800 }, 2)
  const claim = await board.claimNext('worker')
  if (claim !== undefined) await board.consume(claim)
}

function perJob(ms: { readonly reference: number; readonly ours: number }): Sample {
  return { reference: (ms.reference * 1000) / (bare * turns), ours: (ms.ours * 1000) / (ours * turns) }
}
