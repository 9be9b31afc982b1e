import type { WorldTime } from './world-time.js'

export interface WaitLimits {
  readonly withinMs: number
  /** Pause between two attempts. */
  readonly everyMs: number
}

/**
 * Tries until `attempt` returns something other than undefined or false.
 *
 * At least two attempts are made, the last one not before the deadline, so that a machine that slept does not fail a
 * case. Errors end it, but for those that say `retryable`.
 */
export async function eventually<T>(
  time: WorldTime,
  what: string,
  attempt: () => Promise<T | undefined | false>,
  { withinMs, everyMs }: WaitLimits,
): Promise<T> {
  const deadline = time.now() + withinMs
  let lastError: unknown
  for (;;) {
    const isLast = time.now() >= deadline
    try {
      const value = await attempt()
      if (value !== undefined && value !== false) return value
      lastError = undefined
    } catch (error) {
      if (!isRetryable(error)) throw error
      lastError = error
    }
    if (isLast) throw new Error(`not within ${withinMs} ms: ${what}`, { cause: lastError })
    await time.elapse(Math.min(everyMs, Math.max(1, deadline - time.now())))
  }
}

/** Throws as soon as `attempt` returns true, looks for so long, and looks once more at the end. */
export async function never(
  time: WorldTime,
  what: string,
  attempt: () => Promise<boolean>,
  { duringMs, everyMs }: { readonly duringMs: number; readonly everyMs: number },
): Promise<void> {
  const deadline = time.now() + duringMs
  for (;;) {
    const isLast = time.now() >= deadline
    if (await attempt()) throw new Error(`should not have happened: ${what}`)
    if (isLast) return
    await time.elapse(Math.min(everyMs, Math.max(1, deadline - time.now())))
  }
}

function isRetryable(error: unknown): boolean {
  return error instanceof Error && 'retryable' in error && error.retryable === true
}
