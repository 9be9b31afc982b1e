import { join } from 'node:path'
import type { Benchmark } from '../benchmark.js'
import { LoopDelay } from '../loop-delay.js'
import { Helpers } from '../processes/helper.js'

const others = 3
const forMs = 5_000

/**
 * How long a process stands still at worst while others fight with it for the same file.
 *
 * The reference is this process, which only watches meanwhile: what it sees is the fight for the processors.
 */
export const contention: Benchmark = {
  name: 'contention',
  rows: [
    {
      label: `sqlite: longest block of the event loop, ${others} other processes hammering`,
      unit: 'ms',
      reference: 'a process without a board',
      target: { of: 'ours', is: 'at most', limit: 100 },
    },
  ],
  async *rounds(count, folder) {
    const dir = join(folder, 'contention')
    await using hammers = await Helpers.start<number>(others + 1, 'hammer', [dir, forMs])
    for (let round = 0; round < count; round++) {
      using bystander = new LoopDelay()
      const [worstMs = Number.NaN] = await hammers.ask()
      yield [{ ours: worstMs, reference: bystander.worstMs }]
    }
  },
}
