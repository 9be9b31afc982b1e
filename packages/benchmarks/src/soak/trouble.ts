import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '@jobboard/conformance-tests'
import type { Crew } from './crew.js'
import type { SoakOptions } from './options.js'

/** Beside it, a stop with this probability, unless a worker is stopped already. */
const stopChance = 0.2

/** What was done to the workers. */
export interface Harm {
  kills: number
  stops: number
}

/** Kills a worker so often and stops one now and then, until the signal aborts. A stopped one is left to wake up. */
export async function makeTrouble(
  crew: Crew,
  random: Random,
  { ttlMs, killEveryMs }: Pick<SoakOptions, 'ttlMs' | 'killEveryMs'>,
  signal: AbortSignal,
): Promise<Harm> {
  const harm = { kills: 0, stops: 0 }
  const stops: Promise<void>[] = []
  for (;;) {
    await sleep(killEveryMs, undefined, { signal }).catch(() => {})
    const awake = crew.running.filter(worker => !worker.stopped)
    if (signal.aborted) break
    if (random.chance(stopChance) && awake.length === crew.running.length && awake.length > 1) {
      stops.push(stopOne(random.pick(awake), ttlMs * 1.5))
      harm.stops += 1
    }
    const victims = awake.filter(worker => !worker.stopped)
    if (victims.length === 0) continue
    random.pick(victims).kill()
    harm.kills += 1
  }
  await Promise.all(stops)
  return harm
}

async function stopOne(worker: Crew['workers'][number], forMs: number): Promise<void> {
  worker.stop()
  await sleep(forMs)
  worker.goOn()
}
