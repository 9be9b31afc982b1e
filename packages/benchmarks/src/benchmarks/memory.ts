import type { Benchmark } from '../benchmark.js'
import { Helper } from '../processes/helper.js'
import { takeTurns } from '../take-turns.js'

const turns = 10
/** Jobs of one turn; more of the bare ones, so that both sides run about as long. */
const jobs = { ours: 4_000, bare: 40_000 }

/**
 * How much core costs where the backend costs nothing.
 *
 * Each side has a process of its own, so that neither collects the other one's garbage.
 */
export const memoryCycle: Benchmark = {
  name: 'memory',
  rows: [
    {
      label: 'core on memory: post, claim, consume; 16 in flight',
      unit: 'µs',
      reference: 'a Map and promises',
      target: { of: 'ratio', is: 'at most', limit: 15 },
    },
  ],
  async *rounds(count) {
    await using ours = await Helper.start<number>('cycle', ['ours', jobs.ours])
    await using bare = await Helper.start<number>('cycle', ['bare', jobs.bare])
    for (let round = 0; round < count; round++) {
      yield [
        await takeTurns(
          turns,
          () => bare.ask(),
          () => ours.ask(),
        ),
      ]
    }
  },
}
