import type { Clock } from '../clock.js'
import type { Logger } from '../logger.js'
import type { Capability } from './capabilities.js'
import type { Entity, JobChange, JobRecord, LostClaim, MalformedEntry, Posting } from './records.js'

/**
 * Storage primitives that a backend must offer. `Jobboard` builds everything else.
 *
 * The contract, for every member:
 *
 * - **Answers are values.** "Somebody else holds it" is part of normal life and is returned. A rejection with a
 *   `DriverError` says what kind of trouble it was; any other rejection is taken as *unknown*: the write may have
 *   happened or not, and may still happen.
 * - **One call, one round trip** wherever the backend can. Batches are answered entry by entry, in the order of the
 *   entries; an entry never fails because of another one. A driver may execute the entries of a batch as separate
 *   steps, but each entry is one atomic step, its ownership check included. Where a batch is refused as a whole (a `DriverError`
 *   of kind `limit`), core sends each entry again by itself.
 * - **Everything can be sent again.** After an unknown outcome core sends the same entry, with the same ids, until it
 *   is answered. The driver must answer the second send as it would have answered the first, also when the first
 *   arrives late or never. Core alone repeats; a driver never sends a write twice by itself, and turns off every retry
 *   of its client library.
 * - **Time is core's.** A driver times nothing but its own connection, on `environment.clock`. Core bounds every call
 *   (`callTimeoutMs`), but a call that a driver lets hang still costs its caller that long.
 * - Members may be called concurrently once `open` has resolved. After `close` was called no other member is.
 */
export interface JobboardDriver {
  readonly info: DriverInfo

  /**
   * Connects, makes what the board needs if it is missing, and begins to push to the sink. Called again only after it
   * has failed, so a failure leaves nothing open.
   *
   * Safe when many processes open a new board at the same moment: all of them answer with the same scope.
   */
  open(sink: DriverSink, environment: DriverEnvironment): Promise<BackendFacts>

  /**
   * Releases what `open` took; a client that was passed in stays open. Safe to call twice, while calls are running,
   * and after an `open` that failed. Nothing of the driver may keep the process alive afterwards. When an `open` is still
   * under way, core calls this once more after it has ended.
   */
  close(): Promise<void>

  /** Stores new jobs, each as durably as the backend is configured to. Storing the same id twice leaves one job (POST-3). */
  post(postings: readonly Posting[]): Promise<readonly PostAnswer[]>

  /**
   * Looks at the backend. Never throws for a malformed entry: it reports it (`MalformedEntry`) and goes on.
   *
   * Every look but a listing that is not `fresh` reflects all that was acknowledged to anyone before the call.
   */
  read<Q extends ReadQuery>(query: Q): Promise<ReadAnswer<Q>>

  /**
   * Opens a session. Sent again with the same id, it answers with the session that is there.
   *
   * It ends at its time to live unless `renew` proves it, also while its process lives and its connection stands: signs of life
   * that a client library sends by itself must not keep it. One driver may have several at once, the given-up ones among them.
   */
  startSession(request: SessionRequest): Promise<SessionGrant>

  /**
   * Proves the session through the quorum and keeps all its claims alive, whatever their number. Touches no job.
   *
   * A session that the backend's clock expired is never revived (CLAIM-14): it is answered as over, also when nobody
   * swept it yet. Claims that the backend has and the renewal does not name are answered as `unnamed`: core knows which
   * of them are being made or ended at this moment, and abandons the others (CLAIM-7). Claims that are named and that
   * the backend does not have are answered as lost.
   */
  renew(renewal: Renewal): Promise<RenewAnswer>

  /**
   * Ends a session and gives its claims back. Ending a session that is over already is no error.
   *
   * `closed`: takeovers for the next claimer, counted neither as a loss nor as a failure (CLAIM-12). `lost`: the owner
   * gave the session up; its claims count as lost (CLAIM-14).
   */
  endSession(session: SessionRef, cause: 'closed' | 'lost'): Promise<void>

  /** Takes jobs that nobody holds. Each claim gets a token above every token that this board gave before (CLAIM-4). */
  claim(session: SessionRef, tries: readonly ClaimTry[]): Promise<readonly ClaimAnswer[]>

  /**
   * Takes the first claimable job in LIST-1 order for each wish. Optional: core stands in for it with an ordered view
   * that it fills from `read` and from the changes pushed to the sink.
   */
  claimNext?(session: SessionRef, wishes: readonly ClaimWish[]): Promise<readonly WishAnswer[]>

  /**
   * Ends claims: checking the claim and moving the job is one atomic step (SETTLE-1), which also leaves a receipt
   * (SETTLE-3). A claim that is not current is looked up among the receipts, so that an ending sent again succeeds; also
   * when the session is over, since an ending may be asked for again after that.
   *
   * `wishes` are claims wanted next, in the same round trip, after the endings. A driver that cannot join the two
   * answers without `wishes`; core then asks `claimNext`. Core passes none to a driver without `claimNext`.
   */
  settle(
    session: SessionRef,
    endings: readonly Ending[],
    wishes?: readonly ClaimWish[],
  ): Promise<SettleAnswer>

  /** Rare orders of operators and participants, each one atomic step. */
  administer<O extends Order>(order: O): Promise<OrderAnswer<O>>
}

/** What a driver says of itself. It is read before `open`. */
export interface DriverInfo {
  /** The short name, for example `sqlite`. */
  readonly name: string
  readonly capabilities: readonly Capability[]
  /** How core joins what callers have in flight. */
  readonly batching?: {
    /** Most entries of one call. @default 128 */
    readonly maxEntries?: number
    /** Most calls of one kind at the same time; callers that come while all are busy join the next call. @default 4 */
    readonly maxCalls?: number
  }
}

/** What the backend pushes, and what the driver notices by itself. None of these ever throws. */
export interface DriverSink {
  /** Changes in the order in which they happened. Call it once for a burst, not once for each change. */
  changed(changes: readonly JobChange[]): void
  /** Changes may have been missed: core looks again at what somebody waits for (WATCH-2). */
  gap(): void
  /** A hint that the backend has ended this session, or a claim of it. Core asks with a renewal. */
  doubt(): void
  /** An entry that does not parse was met outside of a read. */
  malformed(entry: MalformedEntry): void
  /** Background trouble that no caller learns of otherwise. */
  trouble(error: Error): void
}

/** What core hands to a driver when it opens. */
export interface DriverEnvironment {
  /** The name that the user gave the board: the backend's board name only where the driver's own options name none. */
  readonly label: string
  readonly clock: Clock
  readonly logger: Logger
  /** Core stops waiting for a call after so long; a part of the user's `requestTimeoutMs`, so that it can be sent again. */
  readonly callTimeoutMs: number
  /** How long receipts are kept; 0 for none. */
  readonly rememberMs: number
  /** The slow refresh that stands behind pushes. */
  readonly refreshMs: number
  /** New random ids, UUIDs unless the user replaced the maker. */
  readonly newId: () => string
}

/** What a driver learned when it opened. */
export interface BackendFacts {
  /** The board's incarnation: a random id stored with its data, in which tokens are compared. */
  readonly scope: string
  /** The server's name and version as it tells them, for people. */
  readonly server: string
}

/** What became of one posting. */
export type PostAnswer =
  | { readonly kind: 'posted'; readonly job: JobRecord }
  /** The id is on the board or in the trash with the same content. */
  | { readonly kind: 'same'; readonly job: JobRecord }
  /** A receipt says that the job with this id and content was consumed, or purged from the trash. */
  | { readonly kind: 'consumed' | 'purged' }
  /** The id was used for other content. */
  | { readonly kind: 'conflict' }

/** One look at the backend. */
export type ReadQuery = JobsQuery | ListQuery | TrashQuery | EntitiesQuery | CountsQuery

/** Jobs by id, wherever they stand. */
export interface JobsQuery {
  readonly kind: 'jobs'
  readonly ids: readonly string[]
}

/** The board in LIST-1 order, one page. */
export interface ListQuery {
  readonly kind: 'list'
  readonly states: 'all' | 'unclaimed' | 'claimed'
  /** Jobs of these names only. Never empty. */
  readonly names?: readonly string[]
  readonly limit: number
  /** `next` of the page before. Jobs posted or restored after the first page was read may be left out, so nothing is shown twice. */
  readonly after?: string
  /** Reflect everything that was acknowledged to anyone before the call (LIST-3). */
  readonly fresh: boolean
}

/** This board's trash, oldest first, one page. */
export interface TrashQuery {
  readonly kind: 'trash'
  readonly limit: number
  readonly after?: string
}

/** The participants that are announced under living sessions. */
export interface EntitiesQuery {
  readonly kind: 'entities'
}

/** How many jobs stand where. */
export interface CountsQuery {
  readonly kind: 'counts'
}

/** What a look found, by its query. */
export type ReadAnswer<Q extends ReadQuery> = Q extends JobsQuery
  ? JobsAnswer
  : Q extends ListQuery | TrashQuery
    ? PageAnswer
    : Q extends EntitiesQuery
      ? readonly Entity[]
      : Counts

/** Where the asked jobs stand. */
export interface JobsAnswer {
  /** The scope that the look found, so that a wiped backend is noticed. */
  readonly scope: string
  /**
   * One entry per id: where the job stands, `consumed` if a receipt says so, `purged` if a receipt says that it was
   * trashed and it is in the trash no more, `malformed` if its entry does not parse, `absent` if there is no trace of it.
   */
  readonly found: readonly (JobRecord | 'consumed' | 'purged' | 'malformed' | 'absent')[]
}

/** One page of jobs. */
export interface PageAnswer {
  readonly jobs: readonly JobRecord[]
  readonly malformed: readonly MalformedEntry[]
  /** Pass it as `after` for the next page; absent on the last one. An empty page may have it too. */
  readonly next?: string
  /**
   * On the last page of a listing: when something becomes claimable by itself that no push will tell of, counted from now. That is
   * the next delay, on a page of unclaimed jobs, and the next end of a session, where the backend does not push that.
   */
  readonly nextChangeInMs?: number
}

/** How many jobs stand where. Each job counts at most once. */
export interface Counts {
  /** Claimable now. */
  readonly unclaimed: number
  readonly delayed: number
  readonly claimed: number
  readonly trashed: number
}

/** A session that core wants. */
export interface SessionRequest {
  /** Random; drivers whose backend makes its own ids answer with theirs. */
  readonly id: string
  readonly ttlMs: number
}

/** What a driver needs to find a session again. */
export interface SessionRef {
  readonly id: string
}

/** A session that the backend keeps. */
export interface SessionGrant {
  readonly session: SessionRef
  /** The time to live that the backend granted; it may differ from what was asked. */
  readonly ttlMs: number
  /** The board's incarnation as this step found it: another one than at `open` when the backend was wiped since. */
  readonly scope: string
}

/** A proof that the session's process lives, and what it holds. */
export interface Renewal {
  readonly session: SessionRef
  /** Ids of the claims that the session has for certain. */
  readonly held: readonly string[]
}

/** What the backend knows of a renewed session. */
export type RenewAnswer =
  | {
      readonly kind: 'alive'
      /** Named, but not there. */
      readonly lost: readonly LostHeld[]
      /** There, but not named: just made, just about to end, or ghosts of requests that were thought lost. */
      readonly unnamed: readonly UnnamedClaim[]
    }
  /** The session is over; all its claims are lost. */
  | { readonly kind: 'over' }

/** A claim that the backend has and a renewal did not name. */
export interface UnnamedClaim {
  readonly jobId: string
  readonly claimId: string
  readonly token: bigint
}

/** A claim that a renewal named and the backend does not have. */
export interface LostHeld {
  readonly claimId: string
  readonly cause: LossCause
}

/** Why a claim is not current any more, as far as the backend can tell. */
export type LossCause = 'expired' | 'forced' | 'taken over' | 'unknown'

/** A claim on one job. */
export interface ClaimTry {
  readonly jobId: string
  /** Random; the same for all sends of this try. A try whose claim id has a receipt is a late duplicate: `ended`. */
  readonly claimId: string
  readonly owner: string
}

/** What became of one try. */
export type ClaimAnswer =
  | ClaimGrant
  | { readonly kind: 'held'; readonly owner: string }
  /** Milliseconds since 1970, by the clock that judges. */
  | { readonly kind: 'delayed'; readonly availableAt: number }
  /** Consumed, trashed or never on this board. */
  | { readonly kind: 'missing' }
  /** This claim id was granted and has ended since. */
  | { readonly kind: 'ended' }
  /** The session is over. */
  | { readonly kind: 'over' }

/** A claim that was made, now or by an earlier send. */
export interface ClaimGrant {
  readonly kind: 'claimed'
  readonly claimId: string
  readonly token: bigint
  /** As it stands with this claim: `attempts` counts it. */
  readonly job: JobRecord
  /** Set when this is a takeover. */
  readonly previous?: LostClaim
}

/** A claim on whichever claimable job comes first. */
export interface ClaimWish {
  /** Random; the same for all sends of this wish. A session that has a claim with this id answers with that claim. */
  readonly claimId: string
  readonly owner: string
  /** Jobs of these names only, at the same cost. Never empty. */
  readonly names?: readonly string[]
}

/** What became of one wish. */
export type WishAnswer =
  | ClaimGrant
  /** Nothing is claimable; when the next delay or session ends by itself, counted from now. */
  | { readonly kind: 'none'; readonly nextChangeInMs?: number }
  | { readonly kind: 'ended' }
  | { readonly kind: 'over' }

/** How one claim is to end. */
export type Ending = {
  readonly jobId: string
  readonly claimId: string
  readonly token: bigint
} & (
  | { readonly how: 'consume' }
  | {
      readonly how: 'abandon' /** 0 for at once. */
      readonly delayMs: number /** Counts as a failure. */
      readonly failed: boolean
    }
  | { readonly how: 'trash'; readonly reason: string; readonly error?: string }
)

/** What became of the endings and, where the driver joins them, of the wishes. */
export interface SettleAnswer {
  readonly endings: readonly EndingAnswer[]
  readonly wishes?: readonly WishAnswer[]
}

/** What became of one ending. */
export type EndingAnswer =
  /** Done, now or by an earlier send; `how` is what the receipt says, which may be another ending than the one asked. */
  | { readonly kind: 'settled'; readonly how: Ending['how'] }
  | { readonly kind: 'lost'; readonly cause: LossCause }

/** Something rare, done to one job or for one session. */
export type Order = ForceOrder | RestoreOrder | PurgeOrder | AnnounceOrder

/** Ends the claim with this token, and no other; it counts as lost (CLAIM-13). */
export interface ForceOrder {
  readonly kind: 'force'
  readonly jobId: string
  readonly token: bigint
  readonly reason: string
}

/** Moves a job from the trash back to the board: same id, content and createdOn, counts reset, ordered as newly posted. */
export interface RestoreOrder {
  readonly kind: 'restore'
  readonly jobId: string
  /**
   * The job's order as it was seen in the trash. A restore gives a new one, so this names one stay in the trash: an order that
   * is sent again, or late, does nothing to a later one (FAULT-3).
   */
  readonly order: bigint
}

/**
 * Deletes a job from the trash for good.
 *
 * Leaves a receipt of its own, of a trashed job: the one of the trashing may be over, and a job that was purged must not be
 * taken for a consumed one (SETTLE-6).
 */
export interface PurgeOrder {
  readonly kind: 'purge'
  readonly jobId: string
  /** As in `RestoreOrder`. */
  readonly order: bigint
}

/**
 * Lists an entity for as long as the session lives.
 *
 * Kind and name are unique on the board: who announces them last has them, also from another session, whose end then takes
 * nothing away.
 */
export interface AnnounceOrder {
  readonly kind: 'announce'
  readonly session: SessionRef
  readonly entity: Entity
}

/** What became of an order, by its kind. */
export type OrderAnswer<O extends Order> = O extends ForceOrder
  ? ForceAnswer
  : O extends RestoreOrder
    ? { readonly kind: 'restored'; readonly job: JobRecord } | NotInTrash
    : O extends PurgeOrder
      ? { readonly kind: 'purged' } | NotInTrash
      : { readonly kind: 'announced' } | { readonly kind: 'over' }

/** What became of a forced release. */
export type ForceAnswer =
  /** Done, now or by an earlier send of the same order. */
  | { readonly kind: 'released' }
  /** The job has another claim, or none; `token` is the current one. */
  | { readonly kind: 'changed'; readonly token?: bigint }
  | { readonly kind: 'missing' }

/** This stay of the job in the trash is over, or there was none; `onBoard` tells whether the job is on the board instead. */
export interface NotInTrash {
  readonly kind: 'missing'
  readonly onBoard: boolean
}
