import { inspect } from 'node:util'
import type { BookRef, JobRecord, LostClaim } from './driver/records.js'
import type { Priority } from './priority.js'
import type { JobState } from './states.js'

/** How long and for what a wait lasts. */
export interface WaitOptions {
  /** 0 looks once. @default for ever */
  readonly timeoutMs?: number
  /** Ends the wait: it rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

/** How a job ended, as far as this reader can tell (SETTLE-6). */
export type WaitOutcome = 'COMPLETE' | 'TRASHED' | 'UNKNOWN' | false

/** What a job object needs of its board. */
export interface JobSource {
  look(jobId: string, seenInScope: string | undefined): Promise<Look>
  waitForEnd(job: Job, options: WaitOptions): Promise<WaitOutcome>
}

/** What one look at a job found. */
export interface Look {
  readonly state: JobState
  /** Absent when nothing of the job is left. */
  readonly record?: JobRecord
}

/** An owner whose claim ended before they ended it. */
export interface LostOwner {
  readonly owner: string
  /** When the backend counted the claim as over. For a claim that expired: the end of its session. */
  readonly at: Date
  readonly cause: LostClaim['cause']
  /** What the operator said who forced it. */
  readonly reason?: string
}

/** The same for users, with dates. */
export function lostOwner(lost: LostClaim | undefined): LostOwner | undefined {
  return lost && { ...lost, at: new Date(lost.at) }
}

/** Who put a job into the trash, why and when. */
export interface Trashing {
  readonly reason: string
  readonly error?: string
  readonly owner: string
  readonly at: Date
}

/**
 * A job as this reader last saw it.
 *
 * The posting (id, name, details, priority, book, createdOn) never changes. Everything else is a snapshot: `refresh()` takes a
 * new one. Its text forms show no details, which may hold secrets.
 */
export class Job {
  readonly #source: JobSource
  readonly #scope: string | undefined
  #record: JobRecord
  #state: JobState
  #details: Readonly<Record<string, unknown>> | undefined
  /** Looks so far, and which of them is shown. */
  #looks = 0
  #shown = 0

  /** @internal Jobs come from a board. */
  constructor(source: JobSource, record: JobRecord, state: JobState = record.standing.state, scope?: string) {
    this.#source = source
    this.#record = record
    this.#state = state
    this.#scope = scope
  }

  get id(): string {
    return this.#record.id
  }

  get name(): string {
    return this.#record.name
  }

  get priority(): Priority {
    return this.#record.priority
  }

  /** What the producer gave. Parsed when it is first asked for; the same object every time, so leave it as it is. */
  get details(): Readonly<Record<string, unknown>> {
    this.#details ??= JSON.parse(this.#record.details) as Record<string, unknown>
    return this.#details
  }

  get book(): BookRef | undefined {
    return this.#record.book
  }

  /** When the job was posted, by the backend's clock. */
  get createdOn(): Date {
    return new Date(this.#record.createdOn)
  }

  get state(): JobState {
    return this.#state
  }

  /** Who holds the job, while it is CLAIMED. */
  get owner(): string | undefined {
    return this.#claimed?.owner
  }

  /** The token of the current claim, while the job is CLAIMED. */
  get fencingToken(): bigint | undefined {
    return this.#claimed?.token
  }

  /** Until when the job cannot be claimed, while it is delayed. */
  get availableAt(): Date | undefined {
    const { standing } = this.#record
    if (this.#state !== 'UNCLAIMED' || standing.state !== 'UNCLAIMED') return undefined
    return standing.availableAt === undefined ? undefined : new Date(standing.availableAt)
  }

  /** Claims since the job was posted or restored. */
  get attempts(): number {
    return this.#record.attempts
  }

  /** Endings as failed, and losses. */
  get failures(): number {
    return this.#record.failures
  }

  /** Claims that were lost. */
  get losses(): number {
    return this.#record.losses
  }

  /** Whether the current claim, or the next one while nobody has the job, continues somebody's unfinished work. */
  get takeover(): boolean {
    return this.#record.takeover
  }

  /** Who lost the job last. */
  get lostBy(): LostOwner | undefined {
    return lostOwner(this.#record.lostBy)
  }

  /** Why the job was put aside, while it is TRASHED. */
  get trashedWith(): Trashing | undefined {
    const { standing } = this.#record
    if (this.#state !== 'TRASHED' || standing.state !== 'TRASHED') return undefined
    const { reason, error, owner, at } = standing
    return { reason, ...(error === undefined ? {} : { error }), owner, at: new Date(at) }
  }

  /** Looks at the backend again. @throws UnavailableError */
  async refresh(): Promise<this> {
    const look = ++this.#looks
    // Who was in the trash, or is gone without a trace, may have been purged: no later look can tell that it was consumed.
    const scope = this.#state === 'TRASHED' || this.#state === 'UNKNOWN' ? undefined : this.#scope
    const { state, record } = await this.#source.look(this.id, scope)
    // A later look may have been answered before.
    if (look < this.#shown) return this
    this.#shown = look
    this.#state = state
    if (record !== undefined) this.#record = record
    return this
  }

  /**
   * Waits until the job is done with: `COMPLETE`, `TRASHED`, `UNKNOWN` when it is gone without a trace of how, or false at
   * the timeout. Sleeps until the backend tells of a change, with a slow look as the safety net.
   *
   * A look that is under way at the timeout is waited for, at most `requestTimeoutMs`.
   *
   * @throws BoardClosedError, UnavailableError when the look at the end cannot be had, the reason of the signal when it aborts
   */
  wait(options: WaitOptions = {}): Promise<WaitOutcome> {
    return this.#source.waitForEnd(this, options)
  }

  toString(): string {
    return `Job ${this.id} (${JSON.stringify(this.name)}, ${this.priority}, ${this.#state})`
  }

  /** For logs: without the details. */
  toJSON(): Readonly<Record<string, unknown>> {
    return { id: this.id, name: this.name, priority: this.priority, state: this.#state, owner: this.owner }
  }

  static {
    // A member with this name could not be declared: isolated declarations take only well-known symbols.
    Object.defineProperty(Job.prototype, inspect.custom, {
      value(this: Job): string {
        return `[${this.toString()}]`
      },
    })
  }

  /** @internal The scope in which this reader saw the job. */
  get seenInScope(): string | undefined {
    return this.#scope
  }

  get #claimed(): { readonly owner: string; readonly token: bigint } | undefined {
    const { standing } = this.#record
    return this.#state === 'CLAIMED' && standing.state === 'CLAIMED' ? standing : undefined
  }
}

/** A job in the trash. */
export class TrashedJob extends Job {
  readonly #trash: { restore(jobId: string): Promise<Job>; purge(jobId: string): Promise<void> }

  /** @internal Jobs come from a board. */
  constructor(
    source: JobSource,
    trash: { restore(jobId: string): Promise<Job>; purge(jobId: string): Promise<void> },
    record: JobRecord,
    scope: string,
  ) {
    super(source, record, 'TRASHED', scope)
    this.#trash = trash
  }

  /** Moves the job back to the board: same id, content and createdOn; counts reset; ordered as newly posted (SETTLE-5). */
  restore(): Promise<Job> {
    return this.#trash.restore(this.id)
  }

  /** Deletes the job for good. */
  purge(): Promise<void> {
    return this.#trash.purge(this.id)
  }
}
