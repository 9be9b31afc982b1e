import { setTimeout } from 'node:timers/promises'

const everyMs = 10

/** Tries until the condition holds, or throws with `what` after so long. A rejection counts as "not yet". */
export async function poll(
  what: string,
  condition: () => Promise<boolean>,
  withinMs = 10_000,
): Promise<void> {
  const deadline = performance.now() + withinMs
  while (!(await condition().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`)
    await setTimeout(everyMs)
  }
}
