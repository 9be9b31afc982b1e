import type { Clock } from './clock.js'
import type { JobRecord } from './driver/records.js'
import { JobboardError } from './errors.js'
import type { Job, Look, WaitOptions, WaitOutcome } from './job.js'
import type { Reading } from './reading.js'
import type { JobState } from './states.js'
import type { WakeOn, Wakeups } from './wakeups.js'

/** What waiting needs of its board. */
export interface WaitingHost {
  readonly clock: Clock
  readonly reading: Reading
  readonly wakeups: Wakeups
  readonly refreshMs: number
  /** Throws once the board is closed. */
  checkOpen(): void
}

/** One look: what was found, or how long to sleep at most. */
type LookOnce<T> = () => Promise<{ readonly found?: T; readonly nextChangeInMs?: number }>

/** Waits for jobs to come and to end, without asking again and again where the backend can push (WATCH-3). */
export class Waiting {
  readonly #host: WaitingHost

  constructor(host: WaitingHost) {
    this.#host = host
  }

  /** The first claimable job of the board; undefined at the timeout. */
  forJob(names: readonly string[] | undefined, options: WaitOptions): Promise<JobRecord | undefined> {
    return this.#until({ names: names && new Set(names) }, options, () => this.#host.reading.first(names))
  }

  async forEnd(job: Job, options: WaitOptions): Promise<WaitOutcome> {
    const outcome = await this.#until<WaitOutcome>({ jobId: job.id }, options, async () => {
      await job.refresh()
      return ended(job.state) ? { found: job.state } : {}
    })
    return outcome ?? false
  }

  /** Where a job stands; COMPLETE without a receipt only for a reader that saw the job in this scope (SETTLE-6). */
  async look(jobId: string, seenInScope: string | undefined): Promise<Look> {
    const { scope, job } = await this.#host.reading.job(jobId)
    if (job === 'consumed') return { state: 'COMPLETE' }
    if (job === 'malformed' || job === 'purged') return { state: 'UNKNOWN' }
    if (job === 'absent') return { state: seenInScope === scope ? 'COMPLETE' : 'UNKNOWN' }
    return { state: job.standing.state, record: job }
  }

  async #until<T>(on: WakeOn, options: WaitOptions, look: LookOnce<T>): Promise<T | undefined> {
    const { clock, refreshMs } = this.#host
    const until = clock.monotonic() + (options.timeoutMs ?? Number.POSITIVE_INFINITY)
    for (;;) {
      this.#host.checkOpen()
      options.signal?.throwIfAborted()
      using watch = this.#host.wakeups.watch(on)
      const { found, nextChangeInMs = refreshMs } = await unlessAborted(
        this.#tolerant(look, until),
        options.signal,
      )
      if (found !== undefined) return found
      const leftMs = until - clock.monotonic()
      if (leftMs <= 0) return undefined
      await watch.sleep(Math.min(nextChangeInMs, refreshMs, leftMs), options.signal)
    }
  }

  /** A wait outlives a passing fault, unless its time is over by then: that nothing was seen does not mean that nothing is. */
  async #tolerant<T>(look: LookOnce<T>, until: number): Promise<Awaited<ReturnType<LookOnce<T>>>> {
    try {
      return await look()
    } catch (error) {
      if (this.#host.clock.monotonic() >= until || !(error instanceof JobboardError) || !error.retryable)
        throw error
      return { nextChangeInMs: 500 }
    }
  }
}

/** Whoever gave a signal does not wait for a look that hangs. */
async function unlessAborted<T>(look: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return look
  let abort = (): void => {}
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort)
  })
  try {
    return await Promise.race([look, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

function ended(state: JobState): state is 'COMPLETE' | 'TRASHED' | 'UNKNOWN' {
  return state === 'COMPLETE' || state === 'TRASHED' || state === 'UNKNOWN'
}
