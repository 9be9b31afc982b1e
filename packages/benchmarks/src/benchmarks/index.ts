import type { Benchmark } from '../benchmark.js'
import { coreClaimCost, memoryClaimCost, sqliteClaimCost } from './claim-cost.js'
import { contention } from './contention.js'
import { idleWorker } from './idle-worker.js'
import { memoryCycle } from './memory.js'
import { sqliteCycle } from './sqlite.js'
import { wakeUp } from './wake-up.js'

export const allBenchmarks: readonly Benchmark[] = [
  sqliteCycle,
  memoryCycle,
  sqliteClaimCost,
  memoryClaimCost,
  coreClaimCost,
  wakeUp,
  contention,
  idleWorker,
]
