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
  TransitMap,
  View,
} from '@jobboard/core/driver'
import { type HeldClaim, headOf, isDelayed, newRow, Ordered, type Row, recordOf } from './rows.js'

/** What is left of a claim that ended, or of a job that was consumed. */
export interface Receipt {
  readonly jobId: string
  readonly how: Ending['how'] | 'expired' | 'forced' | 'closed'
  /** Of the job's content. */
  readonly hash: string
  readonly until: number
}

/** What keeps claims alive. */
export interface MemorySession {
  readonly id: string
  readonly ttlMs: number
  /** How long the receipts of its claims are kept. */
  readonly rememberMs: number
  expiresAt: number
  readonly claims: TransitMap<string, Row>
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
  readonly jobs: TransitMap<string, Row> = new TransitMap()
  readonly ordered: Ordered = new Ordered()
  readonly sessions: Map<string, MemorySession> = new Map()
  /** Entries that are no jobs, by where they stand. */
  readonly malformed: Map<string, string> = new Map()
  readonly #claimable = new View(1)
  readonly #receipts = new Receipts()
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
    this.#watchExpiry()
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
    this.sessions.set(id, { id, ttlMs, rememberMs, expiresAt, claims: new TransitMap(), entities: new Map() })
    this.#watchExpiry()
  }

  endSession(session: MemorySession, cause: LostClaim['cause'], at: number): void {
    this.sessions.delete(session.id)
    for (const row of session.claims.values()) this.lose(row, { cause, at }, session.rememberMs)
  }

  put(posting: Posting, createdOn: number, availableAt: number | undefined, why?: 'restored'): Row {
    this.#lastOrder += 1n
    const row = newRow(posting, createdOn, this.#lastOrder, availableAt)
    this.jobs.set(posting.id, row)
    this.ordered.add(row)
    this.#offer(row)
    const { id: jobId, name } = posting
    const posted = { jobId, name, change: 'posted', head: headOf(row) } as const
    this.#changed(why === undefined ? posted : { ...posted, why })
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
    row.claim = { id: claimId, sessionId: session.id, owner, token: this.#lastToken, previous: row.previous }
    row.attempts += 1
    row.previous = undefined
    row.availableAt = undefined
    session.claims.set(claimId, row)
    this.#changed({ jobId: row.posting.id, name: row.posting.name, change: 'claimed', owner })
    return this.grant(row, row.claim)
  }

  grant(row: Row, claim: HeldClaim): ClaimGrant {
    const { id: claimId, token, previous } = claim
    const job = recordOf(row, this.clock.now())
    return previous === undefined
      ? { kind: 'claimed', claimId, token, job }
      : { kind: 'claimed', claimId, token, job, previous }
  }

  settle(row: Row, ending: Ending, rememberMs: number): void {
    const claim = this.#endClaim(row, ending.how, rememberMs)
    if (ending.how === 'abandon') this.#abandon(row, claim, ending)
    else this.#remove(row, claim, ending)
  }

  /** The claim ended before its owner ended it. Closed boards lose nothing: neither a loss nor a failure. */
  lose(row: Row, loss: Omit<LostClaim, 'owner'>, rememberMs: number): void {
    const { cause } = loss
    const { owner, token } = this.#endClaim(row, cause, rememberMs)
    row.previous = { owner, ...loss }
    if (cause === 'forced') row.forcedToken = token
    if (cause !== 'closed') {
      row.losses += 1
      row.failures += 1
      row.lostBy = row.previous
    }
    this.#offer(row)
    this.#released(row, cause === 'expired' ? 'lost' : cause, owner)
  }

  restore(row: Row): Row {
    return this.put(row.posting, row.createdOn, undefined, 'restored')
  }

  /** The receipt of the trashing may be over by now; without one the job would be taken for a consumed one. */
  purge(row: Row, rememberMs: number): void {
    this.jobs.delete(row.posting.id)
    this.#remember(`purge of ${row.order}`, row, 'trash', rememberMs)
  }

  /** Who announces an entity last has it. */
  announce(session: MemorySession, entity: Entity): void {
    const key = JSON.stringify([entity.kind, entity.name])
    for (const { entities } of this.sessions.values()) entities.delete(key)
    session.entities.set(key, entity)
  }

  /** How a claim that is not current ended, as far as the record shows. */
  causeOf(row: Row | undefined, receipt: Receipt | undefined): LossCause {
    if (receipt?.how === 'forced') return 'forced'
    if (row?.claim !== undefined) return 'taken over'
    return receipt?.how === 'expired' ? 'expired' : 'unknown'
  }

  receipt(claimId: string): Receipt | undefined {
    return this.#receipts.ofClaim(claimId, this.clock.now())
  }

  /** How a job that is not there left the board. */
  removedReceipt(jobId: string): Receipt | undefined {
    return this.#receipts.ofRemoved(jobId, this.clock.now())
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
    this.#released(row, 'abandoned', owner)
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
    const why = ending.how === 'consume' ? 'consumed' : 'trashed'
    this.#changed({ jobId: row.posting.id, name: row.posting.name, change: 'removed', why, owner })
  }

  #endClaim(row: Row, how: Receipt['how'], rememberMs: number): HeldClaim {
    const claim = row.claim as HeldClaim
    row.claim = undefined
    this.sessions.get(claim.sessionId)?.claims.delete(claim.id)
    this.#remember(claim.id, row, how, rememberMs)
    return claim
  }

  #remember(claimId: string, { posting }: Row, how: Receipt['how'], rememberMs: number): void {
    if (rememberMs === 0) return
    const now = this.clock.now()
    this.#receipts.add(claimId, { jobId: posting.id, how, hash: posting.hash, until: now + rememberMs }, now)
  }

  #offer(row: Row): void {
    if (!isDelayed(row, this.clock.now())) row.availableAt = undefined
    this.#claimable.add(headOf(row))
  }

  #released(row: Row, why: 'abandoned' | 'lost' | 'forced' | 'closed', owner: string): void {
    const { id: jobId, name } = row.posting
    this.#changed({ jobId, name, change: 'released', why, owner, head: headOf(row) })
  }

  #changed(change: JobChange): void {
    if (this.#changes.length === 0) queueMicrotask(() => this.#push())
    this.#changes.push(change)
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

/** Receipts by claim and by job that left the board. */
class Receipts {
  #young = new Generation()
  #old = new Generation()

  add(claimId: string, receipt: Receipt, now: number): void {
    this.#rotate(now)
    this.#young.add(claimId, receipt)
  }

  ofClaim(claimId: string, now: number): Receipt | undefined {
    return valid(this.#young.byClaim.get(claimId) ?? this.#old.byClaim.get(claimId), now)
  }

  ofRemoved(jobId: string, now: number): Receipt | undefined {
    return valid(this.#young.removed.get(jobId) ?? this.#old.removed.get(jobId), now)
  }

  /** Forgets many at once, since deleting each for itself costs as much as keeping it: none stays twice as long as it should. */
  #rotate(now: number): void {
    if (this.#old.until > now) return
    this.#old = this.#young
    this.#young = new Generation()
  }
}

/** Receipts that are forgotten together. */
class Generation {
  readonly byClaim = new Map<string, Receipt>()
  readonly removed = new Map<string, Receipt>()
  /** When the last of them is over. */
  until = 0

  add(claimId: string, receipt: Receipt): void {
    this.byClaim.set(claimId, receipt)
    if (receipt.how === 'consume' || receipt.how === 'trash') this.removed.set(receipt.jobId, receipt)
    this.until = Math.max(this.until, receipt.until)
  }
}

function valid(receipt: Receipt | undefined, now: number): Receipt | undefined {
  return receipt !== undefined && receipt.until > now ? receipt : undefined
}
