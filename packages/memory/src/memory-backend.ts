import { randomUUID } from 'node:crypto'
import {
  type ClaimGrant,
  type Clock,
  type DriverSink,
  type Ending,
  type Entity,
  type JobChange,
  type LossCause,
  type LostClaim,
  type Posting,
  type SessionRef,
  systemClock,
  type Timer,
  View,
} from '@jobboard/core/driver'
import { type HeldClaim, headOf, isDelayed, Ordered, type Row, recordOf } from './rows.js'

/** What is left of a claim that ended, or of a job that was consumed. */
export interface Receipt {
  readonly jobId: string
  readonly token: bigint
  readonly how: Ending['how'] | 'expired' | 'forced' | 'closed'
  /** Of the job's content. */
  readonly hash: string
  readonly until: number
}

export interface MemorySession {
  readonly id: string
  readonly ttlMs: number
  /** How long the receipts of its claims are kept. */
  readonly rememberMs: number
  expiresAt: number
  readonly claims: Map<string, Row>
  readonly entities: Map<string, Entity>
}

/**
 * The state of one board inside this process, shared by every `memory({ backend })` on it.
 *
 * Each method is one atomic step, since nothing else runs meanwhile; that is all the concurrency control there is. Sessions
 * that ran out are ended before each step, and by a timer for those who only wait.
 */
export class MemoryBackend {
  readonly scope: string = randomUUID()
  readonly clock: Clock
  /** On the board and in the trash, by id. */
  readonly jobs: Map<string, Row> = new Map()
  readonly ordered: Ordered = new Ordered()
  readonly sessions: Map<string, MemorySession> = new Map()
  readonly receipts: Map<string, Receipt> = new Map()
  /** Receipts of jobs that were consumed or trashed, by job id. */
  readonly removed: Map<string, Receipt> = new Map()
  /** Entries that are no jobs, by where they stand. */
  readonly malformed: Map<string, string> = new Map()
  readonly #claimable = new View(1)
  readonly #sinks = new Set<DriverSink>()
  #changes: JobChange[] = []
  #lastOrder = 0n
  #lastToken = 0n
  #expiry: Timer | undefined

  constructor(clock: Clock = systemClock) {
    this.clock = clock
  }

  /** The order of the job that was posted or restored last. */
  get newestOrder(): bigint {
    return this.#lastOrder
  }

  join(sink: DriverSink): void {
    this.#sinks.add(sink)
  }

  leave(sink: DriverSink): void {
    this.#sinks.delete(sink)
    if (this.#sinks.size === 0) this.#expiry?.clear()
  }

  /** Puts something on the board that no reader can parse, for tests. */
  plantMalformed(where: string = randomUUID()): void {
    this.malformed.set(where, 'not a posting')
  }

  /** Ends the sessions whose time is over; their claims are lost (CLAIM-9). */
  sweep(): void {
    const now = this.clock.now()
    for (const session of this.sessions.values()) {
      if (session.expiresAt <= now) this.endSession(session, 'expired', session.expiresAt)
    }
  }

  session(ref: SessionRef): MemorySession | undefined {
    this.sweep()
    return this.sessions.get(ref.id)
  }

  startSession(id: string, ttlMs: number, rememberMs: number): void {
    if (this.session({ id }) !== undefined) return
    const expiresAt = this.clock.now() + ttlMs
    this.sessions.set(id, { id, ttlMs, rememberMs, expiresAt, claims: new Map(), entities: new Map() })
    this.#watchExpiry()
  }

  endSession(session: MemorySession, cause: LostClaim['cause'], at: number): void {
    this.sessions.delete(session.id)
    for (const row of session.claims.values()) this.lose(row, cause, at, session.rememberMs)
  }

  put(posting: Posting, createdOn: number, availableAt: number | undefined, why?: 'restored'): Row {
    this.#lastOrder += 1n
    const row: Row = {
      posting,
      createdOn,
      order: this.#lastOrder,
      onBoard: true,
      attempts: 0,
      failures: 0,
      losses: 0,
      ...(availableAt === undefined ? {} : { availableAt }),
    }
    this.jobs.set(posting.id, row)
    this.ordered.add(row)
    this.#offer(row)
    this.#changed(row, { change: 'posted', ...(why === undefined ? {} : { why }) })
    return row
  }

  /** The first claimable job in LIST-1 order. Whoever takes it claims it in the same step. */
  takeFirst(names: readonly string[] | undefined): Row | undefined {
    const head = this.#claimable.take(names, this.clock.now())
    return head === undefined ? undefined : this.jobs.get(head.id)
  }

  claim(session: MemorySession, row: Row, claimId: string, owner: string): ClaimGrant {
    this.#claimable.remove(row.posting.id)
    this.#lastToken += 1n
    const { previous } = row
    row.claim = {
      id: claimId,
      sessionId: session.id,
      owner,
      token: this.#lastToken,
      ...(previous && { previous }),
    }
    row.attempts += 1
    delete row.previous
    delete row.availableAt
    session.claims.set(claimId, row)
    this.#changed(row, { change: 'claimed', owner })
    return this.grant(row, row.claim)
  }

  grant(row: Row, claim: HeldClaim): ClaimGrant {
    const job = recordOf(row, this.clock.now())
    return {
      kind: 'claimed',
      claimId: claim.id,
      token: claim.token,
      job,
      ...(claim.previous && { previous: claim.previous }),
    }
  }

  settle(row: Row, ending: Ending, rememberMs: number): void {
    const claim = this.#endClaim(row, ending.how, rememberMs)
    if (ending.how === 'abandon') this.#abandon(row, claim, ending)
    else this.#remove(row, claim, ending)
  }

  /** The claim ended before its owner ended it. Closed boards lose nothing: neither a loss nor a failure. */
  lose(row: Row, cause: LostClaim['cause'], at: number, rememberMs: number): void {
    const { owner, token } = this.#endClaim(row, cause, rememberMs)
    row.previous = { owner, at, cause }
    if (cause === 'forced') row.forcedToken = token
    if (cause !== 'closed') {
      row.losses += 1
      row.failures += 1
      row.lostBy = row.previous
    }
    this.#offer(row)
    this.#changed(row, { change: 'released', why: cause === 'expired' ? 'lost' : cause, owner })
  }

  restore(row: Row): Row {
    return this.put(row.posting, row.createdOn, undefined, 'restored')
  }

  /** How a claim that is not current ended, as far as the record shows. */
  causeOf(row: Row | undefined, receipt: Receipt | undefined): LossCause {
    if (receipt?.how === 'forced') return 'forced'
    if (row?.claim !== undefined) return 'taken over'
    return receipt?.how === 'expired' ? 'expired' : 'unknown'
  }

  receipt(claimId: string): Receipt | undefined {
    return this.#valid(this.receipts, claimId)
  }

  consumedReceipt(jobId: string): Receipt | undefined {
    const receipt = this.removedReceipt(jobId)
    return receipt?.how === 'consume' ? receipt : undefined
  }

  /** How a job that is not there left the board. */
  removedReceipt(jobId: string): Receipt | undefined {
    return this.#valid(this.removed, jobId)
  }

  /** When the next delay or session ends by itself, counted from now. */
  nextChangeInMs(): number | undefined {
    const expiries = [...this.sessions.values()]
      .filter(({ claims }) => claims.size > 0)
      .map(({ expiresAt }) => expiresAt)
    const next = Math.min(this.#claimable.nextAvailableAt ?? Number.POSITIVE_INFINITY, ...expiries)
    return Number.isFinite(next) ? Math.max(0, next - this.clock.now()) : undefined
  }

  #abandon(row: Row, { owner }: HeldClaim, { delayMs, failed }: Extract<Ending, { how: 'abandon' }>): void {
    if (failed) row.failures += 1
    if (delayMs > 0) row.availableAt = this.clock.now() + delayMs
    this.#offer(row)
    this.#changed(row, { change: 'released', why: 'abandoned', owner })
  }

  #remove(row: Row, { owner }: HeldClaim, ending: Exclude<Ending, { how: 'abandon' }>): void {
    row.onBoard = false
    this.ordered.gone()
    if (ending.how === 'consume') {
      this.jobs.delete(row.posting.id)
    } else {
      const { reason, error } = ending
      row.trash = {
        state: 'TRASHED',
        reason,
        ...(error === undefined ? {} : { error }),
        owner,
        at: this.clock.now(),
      }
    }
    this.#changed(row, { change: 'removed', why: ending.how === 'consume' ? 'consumed' : 'trashed', owner })
  }

  #endClaim(row: Row, how: Receipt['how'], rememberMs: number): HeldClaim {
    const claim = row.claim as HeldClaim
    delete row.claim
    this.sessions.get(claim.sessionId)?.claims.delete(claim.id)
    const { id, hash } = row.posting
    const receipt = { jobId: id, token: claim.token, how, hash, until: this.clock.now() + rememberMs }
    if (rememberMs > 0) this.#remember(claim.id, receipt)
    return claim
  }

  #remember(claimId: string, receipt: Receipt): void {
    this.receipts.set(claimId, receipt)
    if (receipt.how === 'consume' || receipt.how === 'trash') this.removed.set(receipt.jobId, receipt)
    // Oldest first: a few old ones go with each new one, so their number follows the rate of endings.
    for (const receipts of [this.receipts, this.removed]) dropOld(receipts, this.clock.now())
  }

  #valid(receipts: ReadonlyMap<string, Receipt>, key: string): Receipt | undefined {
    const receipt = receipts.get(key)
    return receipt !== undefined && receipt.until > this.clock.now() ? receipt : undefined
  }

  #offer(row: Row): void {
    if (!isDelayed(row, this.clock.now())) delete row.availableAt
    this.#claimable.add(headOf(row))
  }

  #changed(row: Row, change: Omit<JobChange, 'jobId' | 'name' | 'head'>): void {
    if (this.#changes.length === 0) queueMicrotask(() => this.#push())
    this.#changes.push({ ...change, jobId: row.posting.id, name: row.posting.name, head: headOf(row) })
  }

  #push(): void {
    const changes = this.#changes
    this.#changes = []
    for (const sink of this.#sinks) sink.changed(changes)
  }

  /** For those who only wait: nobody else would end a session that ran out. */
  #watchExpiry(): void {
    this.#expiry?.clear()
    const next = Math.min(...[...this.sessions.values()].map(({ expiresAt }) => expiresAt))
    if (!Number.isFinite(next)) return
    const wait = Math.max(1, next - this.clock.now())
    this.#expiry = this.clock
      .setTimeout(() => {
        this.sweep()
        this.#watchExpiry()
      }, wait)
      .unref()
  }
}

function dropOld(receipts: Map<string, Receipt>, now: number): void {
  let looked = 0
  for (const [key, receipt] of receipts) {
    if (receipt.until > now || looked++ === 4) return
    receipts.delete(key)
  }
}
