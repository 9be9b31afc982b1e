import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Milliseconds that something takes. */
export async function timed(what: () => Promise<unknown>): Promise<number> {
  const from = performance.now()
  await what()
  return performance.now() - from
}

/**
 * Milliseconds of processor time that something takes, those of the garbage collector's threads included: for what
 * computes and does not wait, the figure that other programs on the machine disturb least.
 */
export async function computed(what: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  await what()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

/** The time of both sides in milliseconds, run in turns, so that a noisy machine disturbs both alike. */
export async function takeTurns(
  turns: number,
  reference: () => Promise<number>,
  ours: () => Promise<number>,
): Promise<{ readonly reference: number; readonly ours: number }> {
  const sum = { reference: 0, ours: 0 }
  for (let turn = 0; turn < turns; turn++) {
    const order = turn % 2 === 0 ? (['reference', 'ours'] as const) : (['ours', 'reference'] as const)
    for (const side of order) {
      sweepUp()
      sum[side] += await (side === 'ours' ? ours() : reference())
    }
  }
  return sum
}

/** Takes the other side's young garbage away, which would otherwise be collected in this side's time. */
function sweepUp(): void {
  collect({ type: 'minor' })
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as (options: { readonly type: 'minor' }) => void
