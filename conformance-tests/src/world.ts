import type { ChangeReason, Clock, Counts, Entity, JobboardDriver, Priority } from '@jobboard/core/driver'
import type { Fault } from './lossy-driver.js'
import type { Random } from './random.js'

/** What a case is given: clients of one empty board, time, chance, and the record of everything that was done. */
export interface World {
  /** Time to live of every client's session, in milliseconds. Express every wait as a part of it. */
  readonly ttlMs: number
  /** Latest time from an owner's death to its job being claimable. */
  readonly takeoverMs: number
  /** Every random choice of a case comes from here, so that a printed seed replays it. */
  readonly random: Random
  /** A new client with a connected board: a process of its own where the driver declares `multiProcess`. */
  client(name: string, options?: ClientOptions): Promise<Client>
  /** Lets time pass: turned where the space has turned time, real elsewhere. Never a substitute for `eventually`. */
  elapse(ms: number): Promise<void>
  /** Tries until `attempt` returns something other than undefined or false, and throws with `what` at the deadline. Errors of `attempt` end it, but for retryable ones. */
  eventually<T>(
    what: string,
    attempt: () => Promise<T | undefined | false>,
    options?: { readonly withinMs?: number },
  ): Promise<T>
  /** Throws if `attempt` ever returns true within so long. */
  never(what: string, attempt: () => Promise<boolean>, options: { readonly duringMs: number }): Promise<void>
  /** Puts an entry on the board that no reader can parse. */
  plantMalformed(): Promise<void>
  /**
   * Another driver of this board, in this process and not yet opened: for requests that no board object would send,
   * and for values that do not travel between processes. The case closes it. What it does is not in the history.
   */
  driver(): JobboardDriver
  /** A clock in this process, for what a case builds on `driver()`: one client's of turned time, else the machine's. */
  clock(): Clock
}

export interface ClientOptions {
  readonly owner?: string
  readonly sessionTtlMs?: number
  readonly requestTimeoutMs?: number
  readonly refreshMs?: number
  readonly rememberMs?: number
  /**
   * Keeps the client in this process also where the driver declares `multiProcess`: quicker, and `details` may be what
   * no message carries (POST-5). Its `freeze` and `kill` stop its clock and its traffic, not a process.
   * @default false
   */
  readonly here?: boolean
  /** Faults of this client's driver, from the start. See `Client.fault`. */
  readonly faults?: readonly Fault[]
}

/**
 * One board object, here or in another process. Values are plain; errors arrive with their `code`, `retryable` and
 * own fields. Every call is recorded for the history checker.
 */
export interface Client {
  readonly name: string
  /** Of the process that holds the board. */
  readonly pid: number
  post(name: string, options?: PostView): Promise<JobView>
  list(options?: {
    readonly state?: 'all' | 'unclaimed' | 'claimed'
    readonly names?: readonly string[]
    readonly ensureFresh?: boolean
  }): Promise<readonly JobView[]>
  find(jobId: string): Promise<JobView | undefined>
  count(): Promise<Counts>
  findOwner(jobId: string): Promise<string | undefined>
  claim(jobId: string, owner?: string): Promise<ClientClaim>
  claimNext(options?: {
    readonly owner?: string
    readonly names?: readonly string[]
  }): Promise<ClientClaim | undefined>
  /** Runs `board.claims()` in the client; `next` waits for its next claim. */
  claims(options?: {
    readonly owner?: string
    readonly names?: readonly string[]
    readonly concurrency?: number
  }): Promise<ClaimsRun>
  /** The endings in the original's style, found by job id (and owner). */
  consume(jobId: string, owner?: string): Promise<void>
  abandon(jobId: string, owner?: string, options?: AbandonView): Promise<void>
  trash(jobId: string, owner: string | undefined, options: TrashView): Promise<void>
  /** `board.waitForJob` */
  waitForJob(options?: {
    readonly names?: readonly string[]
    readonly timeoutMs?: number
  }): Promise<JobView | undefined>
  /** `job.wait` on a job that this client has seen before, by post, list, find or claim. */
  waitForEnd(
    jobId: string,
    options?: { readonly timeoutMs?: number },
  ): Promise<'COMPLETE' | 'TRASHED' | 'UNKNOWN' | false>
  forceRelease(
    jobId: string,
    options: { readonly token: string | 'any'; readonly reason: string },
  ): Promise<void>
  trashed(): Promise<readonly JobView[]>
  restore(jobId: string): Promise<JobView>
  purge(jobId: string): Promise<void>
  registerEntity(entity: Entity): Promise<void>
  entities(): Promise<readonly Entity[]>
  /** Every event since the client began, in order. */
  events(): Promise<readonly EventView[]>
  /** Adds a listener that throws on every event (WATCH-4). */
  addThrowingListener(): Promise<void>
  /** How often each SPI member was called so far, for bounds on traffic (WATCH-5). */
  calls(): Promise<Readonly<Record<string, number>>>
  /** Injects a fault into the client's driver: the next `times` calls of `member`. Faults strike in the order in which they came. */
  fault(fault: Fault): Promise<void>
  /** How many strikes of its faults are still to come; 0 proves that they were met (faults without an end do not count). */
  faultsLeft(): Promise<number>
  /** Lets late requests arrive now, and waits until the driver has answered them. */
  releaseLate(): Promise<void>
  /** Takes every fault away, `down` too. Requests that are held back or hang stay as they are. */
  liftFaults(): Promise<void>
  /**
   * Stops the client as a suspended machine does: SIGSTOP for a process; in this process its timers stop, and its traffic
   * and the answers to its case are held back. Calls that it is asked for meanwhile are answered after `thaw`.
   */
  freeze(): Promise<void>
  thaw(): Promise<void>
  /** Ends the client as a crash does: SIGKILL for a process; elsewhere nothing of it is ever heard again. Calls that are under way are never answered. */
  kill(): Promise<void>
  /** `board.close()` */
  close(): Promise<void>
  /**
   * Whether a closed client's process has ended by itself, with status 0; inside this process, whether its board is closed.
   * The first question lets the process go: from then on only what the board left behind keeps it alive.
   */
  ended(): Promise<boolean>
}

export interface ClaimsRun {
  next(): Promise<ClientClaim | undefined>
  stop(): Promise<void>
}

export interface ClientClaim {
  readonly id: string
  readonly jobId: string
  readonly owner: string
  readonly token: bigint
  readonly scope: string
  readonly attempt: number
  readonly previous?: { readonly owner: string; readonly at: string; readonly cause: string }
  readonly job: JobView
  status(): Promise<{
    readonly state: 'held' | 'settled' | 'lost'
    readonly aborted: boolean
    /** `reason` of the lost-claim error with which the signal aborted, for example `expired`. */
    readonly reason?: string
    /** `code` of that error. */
    readonly code?: string
    readonly deadline: string
  }>
  assertHeld(): Promise<void>
  consume(): Promise<void>
  abandon(options?: AbandonView): Promise<void>
  trash(options: TrashView): Promise<void>
}

export interface PostView {
  readonly id?: string
  readonly details?: Readonly<Record<string, unknown>>
  readonly priority?: Priority
  readonly book?: { readonly uuid: string; readonly name: string }
  readonly delayMs?: number
}
export interface AbandonView {
  readonly delayMs?: number
  readonly failure?: boolean
}
export interface TrashView {
  readonly reason: string
  readonly error?: string
}

/** A job as its client saw it; times are ISO 8601 texts. */
export interface JobView {
  readonly id: string
  readonly name: string
  readonly priority: Priority
  readonly details: Readonly<Record<string, unknown>>
  readonly book?: { readonly uuid: string; readonly name: string }
  readonly createdOn: string
  readonly state: 'UNCLAIMED' | 'CLAIMED' | 'COMPLETE' | 'TRASHED' | 'UNKNOWN'
  readonly owner?: string
  readonly token?: bigint
  readonly availableAt?: string
  readonly attempts: number
  readonly failures: number
  readonly losses: number
  readonly takeover: boolean
  readonly lostBy?: { readonly owner: string; readonly at: string; readonly cause: string }
  readonly trashedWith?: {
    readonly reason: string
    readonly error?: string
    readonly owner: string
    readonly at: string
  }
}

export interface EventView {
  readonly event:
    | 'posted'
    | 'claimed'
    | 'released'
    | 'removed'
    | 'resynced'
    | 'malformed'
    | 'claimLost'
    | 'sessionLost'
    | 'error'
  readonly jobId?: string
  readonly why?: ChangeReason | 'unknown'
  readonly owner?: string
  readonly code?: string
  readonly message?: string
}
