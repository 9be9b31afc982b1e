import { inspect } from 'node:util'
import { checkAbandon, checkTrash } from './arguments.js'
import type { Ending } from './driver/driver.js'
import type { LostClaim } from './driver/records.js'
import { ClaimLostError, ClaimSettledError, type LossReason, OutcomeUnknownError } from './errors.js'
import { type Job, type LostOwner, lostOwner } from './job.js'
import { storable } from './storable.js'

/** How a claim is given up for another try. */
export interface AbandonOptions {
  /** How long nobody can claim the job. @default 0 */
  readonly delayMs?: number
  /** Counts as a failure of the job. @default false */
  readonly failure?: boolean
}

/** Why a job is put aside for a person to look at. */
export interface TrashOptions {
  /** In words for people; cut to 16 KiB. */
  readonly reason: string
  /** What went wrong; an Error is stored with its stack. Cut to 16 KiB. */
  readonly error?: unknown
}

/** What a claim needs of the session that keeps it alive. */
export interface ClaimKeeper {
  readonly scope: string
  /** When the claim is lost unless it is renewed before, by the wall clock, milliseconds since 1970. */
  readonly deadline: number
  /** Looks at both clocks and loses the session if its time is over. */
  checkTime(): void
  /**
   * Ends the claim at the backend; `persist` goes on trying after a failure.
   *
   * @throws ClaimLostError, OutcomeUnknownError, UnavailableError and what the backend refuses
   */
  end(claim: Claim, ending: Ending, persist: boolean): Promise<Ending['how']>
}

/** Where a claim stands, as far as its owner can know. */
export type ClaimState = 'held' | 'settled' | 'lost'

/** An ending without the claim that it ends. */
export type EndingWish = Ending extends infer E
  ? E extends Ending
    ? Omit<E, 'jobId' | 'claimId' | 'token'>
    : never
  : never

/**
 * One owner's hold on one job.
 *
 * It is kept alive by its board's session, however long the work takes, and ends once: consumed, abandoned, trashed or
 * lost. When it is lost `signal` aborts, before anyone else can claim the job, in a process that runs (CLAIM-8). Pass
 * `fencingToken` to whatever the work writes to, and let that refuse lower tokens: it makes late writers harmless.
 *
 * ```ts
 * await using claim = await board.claim(job)
 * await resize(claim.job.details, { signal: claim.signal })
 * await claim.consume()
 * ```
 */
export class Claim implements AsyncDisposable {
  readonly job: Job
  /** Random; unique to this claim. */
  readonly id: string
  readonly owner: string
  /** Greater than every token that this board gave before in its scope (CLAIM-4). */
  readonly fencingToken: bigint
  /** Which claim of the job this is, counted since it was posted or restored, from 1. */
  readonly attempt: number
  /** Who had the job and did not end it, when this is a takeover: resume from what was persisted. */
  readonly previous: LostOwner | undefined
  readonly #keeper: ClaimKeeper
  #state: ClaimState = 'held'
  #settledAs: Ending['how'] | undefined
  /** An ending that was asked for and whose outcome its caller did not learn. */
  #doubtful: Ending['how'] | undefined
  /** The ending that is on its way. */
  #ending: Promise<void> | undefined
  #lost: ClaimLostError | undefined
  #abort: AbortController | undefined
  readonly #onEnd: (() => void)[] = []

  /** @internal Claims come from a board. */
  constructor(keeper: ClaimKeeper, job: Job, id: string, owner: string, token: bigint, previous?: LostClaim) {
    this.#keeper = keeper
    this.job = job
    this.id = id
    this.owner = owner
    this.fencingToken = token
    this.attempt = job.attempts
    this.previous = lostOwner(previous)
  }

  /** The board's incarnation, within which tokens are compared. */
  get scope(): string {
    return this.#keeper.scope
  }

  get state(): ClaimState {
    this.#keeper.checkTime()
    return this.#state
  }

  /** Aborts with a ClaimLostError as its reason when the claim is lost. It does not abort when the claim is settled. */
  get signal(): AbortSignal {
    // Made when it is first asked for: most claims of a busy board are settled before anyone looks.
    this.#abort ??= new AbortController()
    if (this.#lost !== undefined) this.#abort.abort(this.#lost)
    return this.#abort.signal
  }

  /** When the claim is lost unless it is renewed before. It moves with each renewal. */
  get deadline(): Date {
    return new Date(this.#keeper.deadline)
  }

  /**
   * Throws unless the claim is held at this moment, by this process's clocks.
   *
   * Call it after anything during which the process may have stood still. It asks nobody, so it proves less than a write
   * that carries the fencing token.
   *
   * @throws ClaimLostError, ClaimSettledError
   */
  assertHeld(): void {
    this.#keeper.checkTime()
    if (this.#settledAs !== undefined) throw new ClaimSettledError(this.job.id, this.#settledAs)
    if (this.#lost !== undefined) throw this.#lost
  }

  /**
   * Ends the claim and removes the job for good: the work is done.
   *
   * Checking the claim and removing the job is one atomic step at the backend (SETTLE-1).
   *
   * @throws ClaimLostError when the claim is not current any more; nothing was changed.
   * @throws OutcomeUnknownError when no answer came in time; call it again to learn the outcome.
   */
  consume(): Promise<void> {
    return this.#end({ how: 'consume' })
  }

  /** Gives the job back for another try, at once or later. Atomic like `consume`, same errors. */
  async abandon(options: AbandonOptions = {}): Promise<void> {
    await this.#end({ how: 'abandon', ...checkAbandon(options) })
  }

  /** Moves the job to the board's trash, where it can be listed, restored and purged. Atomic like `consume`, same errors. */
  async trash(options: TrashOptions): Promise<void> {
    checkTrash(options)
    const error = options.error === undefined ? {} : { error: storable(errorText(options.error)) }
    await this.#end({ how: 'trash', reason: storable(options.reason), ...error })
  }

  /**
   * Abandons the claim if it is still held; silent when it is lost.
   *
   * When that fails, the board goes on trying for as long as the claim is held. An ending that is on its way or whose outcome
   * is unknown is not taken back: the board goes on with that one.
   *
   * @throws UnavailableError, OutcomeUnknownError when the backend did not answer in time.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    // An ending on its way decides, also when nobody awaits it: work that is done must not be given back.
    await this.#afterEnding()
    if (this.state !== 'held' || this.#doubtful !== undefined) return
    try {
      await this.#end({ how: 'abandon', delayMs: 0, failed: false }, true)
    } catch (error) {
      // Lost or ended in the meantime: either way there is nothing left to give back.
      if (!(error instanceof ClaimLostError || error instanceof ClaimSettledError)) throw error
    }
  }

  toString(): string {
    return `Claim on job ${this.job.id} (${this.owner}, token ${this.fencingToken}, ${this.#state})`
  }

  /** For logs: without the job's details, and with the token as a text, since JSON has no bigint. */
  toJSON(): Readonly<Record<string, unknown>> {
    const { id, job, owner, fencingToken, scope, attempt } = this
    return {
      id,
      jobId: job.id,
      owner,
      fencingToken: String(fencingToken),
      scope,
      attempt,
      state: this.#state,
    }
  }

  static {
    // A member with this name could not be declared: isolated declarations take only well-known symbols.
    Object.defineProperty(Claim.prototype, inspect.custom, {
      value(this: Claim): string {
        return `[${this.toString()}]`
      },
    })
  }

  /** @internal The keeper tells that the claim is lost; `tell` is called if that is news. */
  lose(reason: LossReason, tell?: (error: ClaimLostError) => void): ClaimLostError {
    const error = this.#lost ?? new ClaimLostError(this.job.id, reason)
    if (this.#state !== 'held') return error
    this.#lost = error
    this.#state = 'lost'
    this.#abort?.abort(error)
    this.#ended()
    tell?.(error)
    return error
  }

  /** @internal The keeper tells that an ending is done. */
  settle(how: Ending['how']): void {
    this.#settledAs = how
    // Too late for the state: the owner was told to stop before the answer came.
    if (this.#state !== 'held') return
    this.#state = 'settled'
    this.#ended()
  }

  /** @internal Whether an ending was asked for whose outcome its caller did not learn. */
  get inDoubt(): boolean {
    return this.#doubtful !== undefined
  }

  /** @internal Calls back once the claim is settled or lost. */
  onEnd(callback: () => void): void {
    if (this.#state === 'held') this.#onEnd.push(callback)
    else callback()
  }

  #ended(): void {
    for (const callback of this.#onEnd.splice(0)) callback()
  }

  /** One ending at a time: what is asked for meanwhile finds the claim as the first one left it. */
  async #end(wish: EndingWish, persist = false): Promise<void> {
    if (this.#ending !== undefined) await this.#afterEnding()
    this.#ending = this.#endNow(wish, persist)
    try {
      await this.#ending
    } finally {
      this.#ending = undefined
    }
  }

  async #afterEnding(): Promise<void> {
    while (this.#ending !== undefined) await this.#ending.catch(() => {})
  }

  async #endNow(wish: EndingWish, persist: boolean): Promise<void> {
    // Called again after an unknown outcome, which a renewal has learned in the meantime: this is the answer to both.
    if (this.#doubtful === wish.how && this.#settledAs === wish.how) return
    // After an unknown outcome the backend alone knows, also when the claim counts as lost by now.
    if (this.#doubtful === undefined || this.#settledAs !== undefined) this.assertHeld()
    const ending = { jobId: this.job.id, claimId: this.id, token: this.fencingToken, ...wish } as Ending
    const how = await this.#keeper.end(this, ending, persist).catch(error => {
      if (error instanceof OutcomeUnknownError) this.#doubtful = wish.how
      throw error
    })
    // An earlier ending whose reply was lost had happened after all.
    if (how !== ending.how) throw new ClaimSettledError(this.job.id, how)
  }
}

function errorText(error: unknown): string {
  if (error instanceof Error) return error.stack ?? String(error)
  return typeof error === 'string' ? error : inspect(error)
}
