import type { Claim } from './claim.js'
import type { Claiming } from './claiming.js'
import { BoardClosedError, JobboardError, type JobboardErrorCode } from './errors.js'
import type { Wakeups } from './wakeups.js'

/** Which jobs to claim, for whom, and how many at a time. */
export interface ClaimsOptions {
  /** @default the board's owner */
  readonly owner?: string
  /** Jobs of these names only. @default all */
  readonly names?: string | readonly string[]
  /** How many of the claims it gave may be unsettled at the same time. @default 1 */
  readonly concurrency?: number
  /** Ends the iteration. Claims that were given stay as they are. */
  readonly signal?: AbortSignal
}

/** The same, checked. */
export interface ClaimsWish {
  readonly owner: string
  readonly names: readonly string[] | undefined
  readonly concurrency: number
  readonly signal: AbortSignal
}

/** What the loop needs of its board. */
export interface ClaimsHost {
  readonly claiming: Claiming
  readonly wakeups: Wakeups
  readonly refreshMs: number
  trouble(error: unknown, during: string): void
}

/** No reason for the caller to try again, but for a loop that goes on anyway: a full disk is emptied, a quota is raised. */
const alsoPassing: ReadonlySet<JobboardErrorCode> = new Set([
  'JOBBOARD_CLAIM_LOST',
  'JOBBOARD_LIMIT_EXCEEDED',
])

/** How long the loop rests after a fault that may pass. */
const restMs = 500

/**
 * Claims job after job, as capacity frees; sleeps while there is nothing to claim.
 *
 * A fault that may pass is reported and ridden out, since a worker should outlive an outage of its board; other errors end
 * the iteration.
 */
export async function* claimsLoop(
  host: ClaimsHost,
  wish: ClaimsWish,
): AsyncGenerator<Claim, void, undefined> {
  const { signal } = wish
  const names = wish.names && new Set(wish.names)
  const unsettled = new Capacity(wish.concurrency)
  while (!signal.aborted) {
    await unsettled.free(signal)
    if (signal.aborted) return
    // Watched before the look: what comes in between wakes the sleep at once.
    using watch = host.wakeups.watch({ names })
    const { claim, sleepMs } = await next(host, wish)
    if (claim === undefined) {
      await watch.sleep(sleepMs, signal)
    } else if (signal.aborted) {
      await giveBack(host, claim)
    } else {
      unsettled.take(claim)
      yield claim
    }
  }
}

async function next(
  host: ClaimsHost,
  wish: ClaimsWish,
): Promise<{ readonly claim?: Claim; readonly sleepMs: number }> {
  try {
    const { claim, nextChangeInMs = host.refreshMs } = await host.claiming.claimNext(wish.owner, wish.names)
    const sleepMs = Math.min(nextChangeInMs, host.refreshMs)
    return claim === undefined ? { sleepMs } : { claim, sleepMs }
  } catch (error) {
    if (error instanceof BoardClosedError) return { sleepMs: 0 }
    const passing = error instanceof JobboardError && (error.retryable || alsoPassing.has(error.code))
    // Also when the loop is being stopped: an outage is no reason to fail at the very end.
    if (!passing) throw error
    host.trouble(error, 'claiming the next job')
    return { sleepMs: Math.min(restMs, host.refreshMs) }
  }
}

/** A claim that came too late for its caller. When this fails the board goes on trying, so nobody needs to know. */
async function giveBack(host: ClaimsHost, claim: Claim): Promise<void> {
  try {
    await claim[Symbol.asyncDispose]()
  } catch (error) {
    host.trouble(error, 'giving back a claim that came too late')
  }
}

/** Counts the claims that were given and not ended yet. */
class Capacity {
  readonly #most: number
  #taken = 0
  #wake: (() => void) | undefined

  constructor(most: number) {
    this.#most = most
  }

  take(claim: Claim): void {
    this.#taken += 1
    claim.onEnd(() => {
      this.#taken -= 1
      this.#wake?.()
    })
  }

  /** Resolves when there is room for another claim, or when the signal aborts. */
  free(signal: AbortSignal): Promise<void> {
    if (this.#taken < this.#most) return Promise.resolve()
    return new Promise(resolve => {
      const wake = (): void => {
        signal.removeEventListener('abort', wake)
        this.#wake = undefined
        resolve()
      }
      this.#wake = wake
      signal.addEventListener('abort', wake)
    })
  }
}
