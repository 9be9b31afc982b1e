import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Claim,
  ClaimLostError,
  type Jobboard,
  JobboardError,
  type JobboardErrorCode,
} from '@jobboard/core'
import { type ClaimEvent, whyLost } from './claim-events.js'
import { jobJson } from './job-json.js'
import { type CommandEnd, runCommand } from './run-command.js'

export interface WorkOptions {
  readonly owner: string
  /** Run in a shell for each claim. */
  readonly command: string
  /** Jobs of these names only. */
  readonly names?: readonly string[]
  readonly concurrency: number
  /** Ends after so many claims. */
  readonly maxJobs?: number
  /** Ends when no job of these names is left, delayed and claimed ones included. */
  readonly exitWhenEmpty: boolean
  /** A job that failed so often goes to the trash; lost claims count. */
  readonly maxFailures: number
  readonly retryDelayMs: number
  readonly commandStdout: 'stdout' | 'stderr'
}

/** What the worker tells of its work. */
export interface WorkReport {
  claim(event: ClaimEvent, claim: Claim, why?: string): void | Promise<void>
  trouble(error: unknown): void
}

export interface WorkSignals {
  /** No new claims; what runs goes on. */
  readonly stop: AbortSignal
  /** What runs is terminated and abandoned. */
  readonly cut: AbortSignal
}

/** Status of a command that asks for another try later (EX_TEMPFAIL of sysexits.h): no failure of the job. */
const tryAgainLater = 75
/** Between two tries to end a claim while the board does not answer. */
const retryEveryMs = 1_000
/** Between two looks whether the board is empty, while no command runs here. */
const lookEveryMs = 500

/**
 * Claims job after job and runs the command for each, until it is stopped, has taken its fill, or the board is empty.
 *
 * Resolves when no command runs any more and every claim is settled or lost.
 */
export class Worker {
  readonly #board: Jobboard
  readonly #options: WorkOptions
  readonly #report: WorkReport
  readonly #signals: WorkSignals
  /** Aborts when no more claims are wanted, for whatever reason. */
  readonly #enough = new AbortController()
  readonly #running = new Set<Promise<void>>()
  #onEnded: (() => void) | undefined
  #failure: { readonly error: unknown } | undefined

  constructor(board: Jobboard, options: WorkOptions, report: WorkReport, signals: WorkSignals) {
    this.#board = board
    this.#options = options
    this.#report = report
    this.#signals = signals
  }

  /** How many commands run at this moment. */
  get running(): number {
    return this.#running.size
  }

  async run(): Promise<void> {
    const stop = (): void => this.#enough.abort()
    this.#signals.stop.addEventListener('abort', stop)
    if (this.#signals.stop.aborted) stop()
    const unlisten = this.#board.on('error', ({ error }) => {
      if (isLasting(error)) this.#fail(error)
    })
    try {
      await Promise.all([this.#claimJobs(), this.#options.exitWhenEmpty && this.#stopWhenEmpty()])
    } finally {
      await Promise.all(this.#running)
      unlisten()
      this.#signals.stop.removeEventListener('abort', stop)
    }
    if (this.#failure !== undefined) throw this.#failure.error
  }

  async #claimJobs(): Promise<void> {
    const { owner, names, concurrency, maxJobs = Number.POSITIVE_INFINITY } = this.#options
    const { signal } = this.#enough
    let taken = 0
    try {
      for await (const claim of this.#board.claims({ owner, concurrency, signal, ...(names && { names }) })) {
        const work = this.#workOn(claim).catch(error => this.#fail(error))
        this.#running.add(work)
        void work.finally(() => this.#ended(work))
        if (++taken >= maxJobs) return
        await this.#room()
      }
    } catch (error) {
      // A board that is out of reach is no reason to fail once nothing more is wanted of it.
      if (!(signal.aborted && isPassing(error))) throw error
    } finally {
      this.#enough.abort()
    }
  }

  /**
   * Waits until another command may run. The board would hand out the next claim as soon as one is lost, but the command
   * of a lost claim has still to be ended, and the next claim may be on the same job.
   */
  async #room(): Promise<void> {
    while (this.#running.size >= this.#options.concurrency) {
      await new Promise<void>(resolve => {
        this.#onEnded = resolve
      })
    }
  }

  #ended(work: Promise<void>): void {
    this.#running.delete(work)
    this.#onEnded?.()
  }

  /** Something that no other try can mend: this worker ends, once the commands that run have ended. */
  #fail(error: unknown): void {
    this.#failure ??= { error }
    this.#enough.abort()
  }

  async #workOn(claim: Claim): Promise<void> {
    await this.#report.claim('claimed', claim)
    // Lost claims alone can bring a job this far: it may be what kills its workers, so it is not run once more.
    if (this.#isLastFailure(claim.job.failures))
      return this.#settle(claim, { event: 'trashed', why: worn(claim) })
    const end = await runCommand(this.#options.command, {
      env: environment(claim),
      stdin: `${JSON.stringify(jobJson(claim.job))}\n`,
      stdout: this.#options.commandStdout,
      stopOn: [claim.signal, this.#signals.cut],
    })
    await this.#settle(claim, this.#verdict(end, claim))
  }

  #verdict(end: CommandEnd, claim: Claim): Verdict {
    const delayMs = this.#options.retryDelayMs
    if (end.kind === 'stopped') return { event: 'abandoned', why: 'stopped', delayMs: 0, failure: false }
    if (end.kind === 'unstartable')
      return { event: 'abandoned', why: end.error.message, delayMs, failure: false }
    if (end.kind === 'exited' && end.status === 0) return { event: 'consumed' }
    if (end.kind === 'exited' && end.status === tryAgainLater) {
      return { event: 'abandoned', why: `status ${tryAgainLater}: later`, delayMs, failure: false }
    }
    const failures = claim.job.failures + 1
    const what = end.kind === 'exited' ? `exit status ${end.status}` : `killed by ${end.signal}`
    const why = `${what}, failure ${failures} of ${this.#options.maxFailures}`
    if (!this.#isLastFailure(failures)) return { event: 'abandoned', why, delayMs, failure: true }
    return {
      event: 'trashed',
      why: [why, ...end.stderr.lines(5)].join('\n'),
      error: end.stderr.lines(100).join('\n'),
    }
  }

  #isLastFailure(failures: number): boolean {
    return failures >= this.#options.maxFailures
  }

  /** Ends the claim as the verdict says, trying again until that is certain or the claim is lost. */
  async #settle(claim: Claim, verdict: Verdict): Promise<void> {
    for (;;) {
      try {
        await end(claim, verdict)
        return await this.#report.claim(verdict.event, claim, verdict.why)
      } catch (error) {
        if (error instanceof ClaimLostError)
          return this.#report.claim('lost', claim, await whyLost(claim, error))
        if (!isPassing(error)) throw error
        this.#report.trouble(error)
        await sleep(retryEveryMs, undefined, { signal: claim.signal }).catch(() => {})
      }
    }
  }

  async #stopWhenEmpty(): Promise<void> {
    const { signal } = this.#enough
    while (!signal.aborted) {
      if (this.#running.size === 0 && (await this.#isEmpty())) return this.#enough.abort()
      await sleep(lookEveryMs, undefined, { signal }).catch(() => {})
    }
  }

  async #isEmpty(): Promise<boolean> {
    const { names } = this.#options
    try {
      for await (const _ of this.#board.iterJobs({ ensureFresh: true, ...(names && { names }) })) return false
      return true
    } catch (error) {
      // The claiming rides through the same outage and reports it.
      if (isPassing(error)) return false
      throw error
    }
  }
}

type Verdict =
  | { readonly event: 'consumed'; readonly why?: string }
  | { readonly event: 'abandoned'; readonly why: string; readonly delayMs: number; readonly failure: boolean }
  | { readonly event: 'trashed'; readonly why: string; readonly error?: string }

function isPassing(error: unknown): boolean {
  return error instanceof JobboardError && error.retryable
}

/** Told by the board of its own accord, so that nobody need wait for the next look. A full disk is emptied, and a quota is raised. */
function isLasting(error: unknown): boolean {
  if (error instanceof JobboardError) return !error.retryable && !alsoPassing.has(error.code)
  // A driver's own error, which is told as it came.
  const { name, kind } = error as { readonly name?: unknown; readonly kind?: unknown }
  return name === 'DriverError' && lastingKinds.has(kind)
}

const alsoPassing: ReadonlySet<JobboardErrorCode> = new Set([
  'JOBBOARD_CLAIM_LOST',
  'JOBBOARD_LIMIT_EXCEEDED',
])
const lastingKinds: ReadonlySet<unknown> = new Set(['unauthenticated', 'forbidden', 'incompatible'])

async function end(claim: Claim, verdict: Verdict): Promise<void> {
  if (verdict.event === 'consumed') return claim.consume()
  if (verdict.event === 'abandoned')
    return claim.abandon({ delayMs: verdict.delayMs, failure: verdict.failure })
  return claim.trash({ reason: verdict.why, ...(verdict.error ? { error: verdict.error } : {}) })
}

function worn({ job }: Claim): string {
  return `${job.failures} failures, ${job.losses} of them lost claims; not run again`
}

function environment({ job, attempt, fencingToken, previous }: Claim): Readonly<Record<string, string>> {
  return {
    JOBBOARD_JOB_ID: job.id,
    JOBBOARD_JOB_NAME: job.name,
    JOBBOARD_ATTEMPT: `${attempt}`,
    JOBBOARD_FENCING_TOKEN: `${fencingToken}`,
    JOBBOARD_TAKEOVER: previous === undefined ? '0' : '1',
  }
}
