import { setTimeout as sleep } from 'node:timers/promises'
import { Jobboard } from '@jobboard/core'
import { sqlite } from '@jobboard/sqlite'
import { tell } from './helper.js'

const settleMs = 1_000

/** Waits for jobs on an empty board, and tells how much of one core that takes, in per cent, for each window of time. */
async function main(dir: string, windowMs: number): Promise<void> {
  await using board = await new Jobboard(sqlite({ dir })).connect()
  void board.claims().next()
  await sleep(settleMs)
  for (;;) {
    const [from, before] = [performance.now(), process.cpuUsage()]
    await sleep(windowMs)
    const { user, system } = process.cpuUsage(before)
    tell((100 * (user + system)) / 1000 / (performance.now() - from))
  }
}

void main(process.argv[2] ?? '', Number(process.argv[3]))
