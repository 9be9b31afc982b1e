import { join } from 'node:path'
import type { Benchmark } from '../benchmark.js'
import { Helper } from '../processes/helper.js'

const windowMs = 10_000

/** What a worker costs that waits for jobs. */
export const idleWorker: Benchmark = {
  name: 'idle-worker',
  rows: [
    {
      label: 'sqlite: one core’s share taken by an idle worker',
      unit: '%',
      target: { of: 'ours', is: 'at most', limit: 2 },
    },
  ],
  async *rounds(count, folder) {
    await using idler = await Helper.start<number>('idler', [join(folder, 'idle'), windowMs])
    for (let round = 0; round < count; round++) yield [{ ours: await idler.ask() }]
  },
}
