import { setTimeout as sleep } from 'node:timers/promises'
import { Jobboard } from '@jobboard/core'
import { sqlite } from '@jobboard/sqlite'
import { serve } from './starter.js'

const settleMs = 1_000

/** Waits for jobs on an empty board; asked, it tells how much of one core that takes for a while, in per cent. */
async function main(dir: string, windowMs: number): Promise<void> {
  await using board = await new Jobboard(sqlite({ dir })).connect()
  void board.claims().next()
  await sleep(settleMs)
  await serve(() => shareOfCore(windowMs))
}

async function shareOfCore(windowMs: number): Promise<number> {
  const [from, before] = [performance.now(), process.cpuUsage()]
  await sleep(windowMs)
  const { user, system } = process.cpuUsage(before)
  return (100 * (user + system)) / 1000 / (performance.now() - from)
}

void main(process.argv[2] ?? '', Number(process.argv[3]))
