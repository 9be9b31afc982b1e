import { Batcher, batchLimits } from './batcher.js'
import type { Claim, ClaimKeeper } from './claim.js'
import { type Clock, elapsedSince, type Instant, instant, type Timer } from './clock.js'
import type { Courier } from './courier.js'
import type { Ticket } from './delivery.js'
import type {
  ClaimAnswer,
  ClaimTry,
  ClaimWish,
  Ending,
  EndingAnswer,
  JobboardDriver,
  RenewAnswer,
  SessionGrant,
  SettleAnswer,
  WishAnswer,
} from './driver/driver.js'
import { DriverError } from './driver/driver-error.js'
import { Endings } from './endings.js'
import type { ClaimLostError, LossReason } from './errors.js'
import { TransitMap, TransitSet } from './transit.js'

/** What a session needs of its board. */
export interface SessionHost {
  readonly driver: JobboardDriver
  readonly clock: Clock
  readonly courier: Courier
  readonly rememberMs: number
  /** A claim was lost; its signal has aborted. */
  claimLost(claim: Claim, error: ClaimLostError): void
  /** The session ended before the board was closed. `toldBy` tells whether the backend knows it. */
  sessionLost(session: Session, toldBy: 'backend' | 'clock'): void
  trouble(error: unknown, during: string): void
}

/** Backend clocks and ours drift apart by at most so much (CLAIM-8). */
const driftBound = 0.01
const leastMarginMs = 500

type Work = { readonly ending: Ending } | { readonly wish: ClaimWish }
type WorkAnswer = EndingAnswer | WishAnswer | Failed

/** The call for a wish failed, after the one for the endings beside it had succeeded. */
interface Failed {
  readonly kind: 'failed'
  readonly error: unknown
}

/**
 * Keeps the claims of one board object alive, and knows by its own clocks when they are lost.
 *
 * One renewal keeps all claims alive, whatever their number (CLAIM-7). The session is proven up to the moment when the last
 * *acknowledged* renewal was *sent*: nothing else that is heard from the backend proves anything (CLAIM-8). It gives up a
 * margin before the backend does, on the monotonic and on the wall clock, so that its owner is told before anyone else can
 * claim. Once given up it is never renewed again (CLAIM-14).
 */
export class Session implements ClaimKeeper {
  readonly id: string
  readonly ttlMs: number
  readonly #host: SessionHost
  readonly #grant: SessionGrant
  /** Claims that the backend has for certain, by id. */
  readonly #held = new TransitMap<string, Claim>()
  /** Ids of claims that are being made at this moment: the backend may have them. */
  readonly #making = new TransitSet<string>()
  readonly #endings: Endings
  readonly #claims: Batcher<ClaimTry, ClaimAnswer>
  readonly #work: Batcher<Work, WorkAnswer>
  /** Why it is over. */
  #lostBy: LossReason | undefined
  #validUntil: Instant
  #expiry: Timer | undefined
  #nextRenewal: Timer | undefined
  #renewing = false
  /** A doubt came up while a renewal was on its way, which may have left before. */
  #doubted = false
  /** The last renewal failed: the next one has its time, and no doubt brings it forward. */
  #failed = false
  /** Since when the backend has claims that nobody here knows, by id. */
  #ghosts: ReadonlyMap<string, Instant> = new Map()

  /** `sentAt`: when the first request for the session left, on both clocks. */
  constructor(host: SessionHost, grant: SessionGrant, sentAt: Instant) {
    this.#host = host
    this.#grant = grant
    this.id = grant.session.id
    this.ttlMs = grant.ttlMs
    const limits = batchLimits(host.driver)
    this.#claims = new Batcher(tries => host.driver.claim(grant.session, tries), host.courier, limits)
    this.#work = new Batcher(work => this.#callWork(work), host.courier, limits)
    this.#endings = new Endings({
      ...host,
      againLimitMs: grant.ttlMs / 3,
      submit: (ending, ticket) => this.#work.submit({ ending }, ticket) as Promise<EndingAnswer>,
      takeBack: claim => {
        if (!this.#over) this.#held.set(claim.id, claim)
      },
      lose: (claim, reason) => this.#loseClaim(claim, reason),
    })
    this.#validUntil = this.#provenBy(sentAt)
    this.#watchExpiry()
    this.#renewAfter(sentAt, this.ttlMs / 3)
  }

  get scope(): string {
    return this.#grant.scope
  }

  get deadline(): number {
    const { clock } = this.#host
    return Math.round(
      Math.min(this.#validUntil.wall, clock.now() + this.#validUntil.monotonic - clock.monotonic()),
    )
  }

  /** Why the session is over; undefined while it is not. */
  get lostBy(): LossReason | undefined {
    return this.#lostBy
  }

  /** Whether claims can still be made and kept, by a look at both clocks. */
  get usable(): boolean {
    this.checkTime()
    return !this.#over
  }

  checkTime(): void {
    if (this.#over) return
    const { clock } = this.#host
    if (clock.monotonic() >= this.#validUntil.monotonic || clock.now() >= this.#validUntil.wall)
      this.#lose('expired', 'clock')
  }

  /** Sends a try; its id is known to renewals from now until its answer is in. */
  async claim(request: ClaimTry, ticket: Ticket): Promise<ClaimAnswer> {
    this.#making.add(request.claimId)
    const answer = await this.#claims.submit(request, ticket)
    if (answer.kind === 'over') this.isOver()
    return answer
  }

  /** The same for the first claimable job; only for drivers that choose. */
  async claimNext(wish: ClaimWish, ticket: Ticket): Promise<WishAnswer> {
    this.#making.add(wish.claimId)
    const answer = (await this.#work.submit({ wish }, ticket)) as WishAnswer | Failed
    if (answer.kind === 'failed') throw answer.error
    if (answer.kind === 'over') this.isOver()
    return answer
  }

  /**
   * Takes a granted claim into care; false when the session is over by now.
   *
   * The grant may have been on its way while this process stood still: then nobody else is told that it is a claim, and
   * the end of the session at the backend frees the job.
   */
  adopt(claim: Claim): boolean {
    this.#making.delete(claim.id)
    if (!this.usable) return false
    this.#held.set(claim.id, claim)
    return true
  }

  /** Forgets a claim that was not granted, or of which nobody will ever know: the next renewal then ends it. */
  disown(claimId: string, maybeGranted: boolean): void {
    this.#making.delete(claimId)
    if (maybeGranted) this.renewSoon()
  }

  end(claim: Claim, ending: Ending, persist: boolean): Promise<Ending['how']> {
    this.#held.delete(claim.id)
    return this.#endings.end(claim, ending, persist)
  }

  /** The backend says that the session is over. */
  isOver(): void {
    this.#lose('expired', 'backend')
  }

  /** Renews at the next turn: somebody doubts that all is well. */
  renewSoon(): void {
    if (this.#renewing) this.#doubted = true
    else if (!this.#over && !this.#failed) this.#renewIn(0)
  }

  /** Stops everything and tells the owners by their signals; the backend is told by the caller. */
  retire(reason: LossReason, tell?: (claim: Claim, error: ClaimLostError) => void): void {
    this.#lostBy = reason
    this.#expiry?.clear()
    this.#nextRenewal?.clear()
    const lost = [...this.#held.values(), ...this.#endings.clear()]
    this.#held.clear()
    for (const claim of lost) claim.lose(reason, error => tell?.(claim, error))
  }

  #lose(reason: LossReason, toldBy: 'backend' | 'clock'): void {
    if (this.#over) return
    this.retire(reason, (claim, error) => this.#host.claimLost(claim, error))
    this.#host.sessionLost(this, toldBy)
  }

  #loseClaim(claim: Claim, cause: LossReason): ClaimLostError {
    this.#held.delete(claim.id)
    return claim.lose(cause, error => this.#host.claimLost(claim, error))
  }

  /** Endings first, then the wishes that they may free capacity for, in one round trip where the driver can. */
  async #callWork(work: readonly Work[]): Promise<readonly WorkAnswer[]> {
    const { driver } = this.#host
    const endings: Ending[] = []
    const wishes: ClaimWish[] = []
    for (const item of work) {
      if ('ending' in item) endings.push(item.ending)
      else wishes.push(item.wish)
    }
    const settled: SettleAnswer =
      endings.length > 0
        ? await driver.settle(this.#grant.session, endings, wishes.length > 0 ? wishes : undefined)
        : { endings: [] }
    const granted = wishes.length === 0 ? [] : (settled.wishes ?? (await this.#callWishes(wishes, settled)))
    const answers = { ending: settled.endings[Symbol.iterator](), wish: granted[Symbol.iterator]() }
    return work
      .map(item => ('ending' in item ? answers.ending.next() : answers.wish.next()).value)
      .filter(answer => answer !== undefined)
  }

  /** What was settled before is answered all the same when this fails. */
  async #callWishes(
    wishes: readonly ClaimWish[],
    { endings }: SettleAnswer,
  ): Promise<readonly (WishAnswer | Failed)[]> {
    try {
      // Closed while the endings were on their way: after `close` no driver is called.
      if (this.#lostBy === 'closed')
        throw new DriverError('unavailable', 'the board is closing', { done: 'no' })
      return (await this.#host.driver.claimNext?.(this.#grant.session, wishes)) ?? []
    } catch (error) {
      if (endings.length === 0) throw error
      return wishes.map(() => ({ kind: 'failed', error }))
    }
  }

  get #over(): boolean {
    return this.#lostBy !== undefined
  }

  #renewAfter(sentAt: Instant, pauseMs: number): void {
    this.#renewIn(Math.max(0, pauseMs - elapsedSince(sentAt, this.#host.clock)))
  }

  #renewIn(delayMs: number): void {
    this.#nextRenewal?.clear()
    this.#nextRenewal = this.#host.clock.setTimeout(() => void this.#renew(), delayMs).unref()
  }

  async #renew(): Promise<void> {
    // A process that stood still finds its timers due in any order: never renew what the clock has ended already.
    if (!this.usable || this.#renewing) return
    this.#renewing = true
    this.#doubted = false
    const sentAt = instant(this.#host.clock)
    let pause = this.ttlMs / 3
    try {
      const held = this.#held.keys()
      const call = this.#host.driver.renew({ session: this.#grant.session, held })
      this.#renewed(await this.#host.courier.bounded(call, this.ttlMs / 3), sentAt)
      this.#failed = false
      if (this.#doubted) pause = 0
    } catch (error) {
      this.#failed = true
      pause = this.ttlMs / 12
      if (!this.#over) this.#host.trouble(error, 'renewing the session')
    } finally {
      this.#renewing = false
    }
    if (!this.#over) this.#renewAfter(sentAt, pause)
  }

  #renewed(answer: RenewAnswer, sentAt: Instant): void {
    if (answer.kind === 'over') this.isOver()
    if (answer.kind === 'over' || !this.usable) return
    this.#validUntil = this.#provenBy(sentAt)
    for (const { claimId, cause } of answer.lost) {
      // Ended while the renewal was on its way: its own answer tells how.
      const claim = this.#held.get(claimId)
      if (claim !== undefined) this.#loseClaim(claim, cause)
    }
    const ghosts = answer.unnamed.filter(({ claimId }) => !this.#knows(claimId))
    const now = instant(this.#host.clock)
    this.#ghosts = new Map(ghosts.map(({ claimId }) => [claimId, this.#ghosts.get(claimId) ?? now]))
    if (this.#stuck) {
      this.#lose('unknown', 'clock')
    } else {
      for (const ghost of ghosts) this.#endGhost(ghost)
      this.#endings.settleAll()
    }
  }

  /**
   * Whether renewals go through and an ending does not, for so long that the session as a whole has to end (FAULT-3): nothing
   * else would ever free that job.
   */
  get #stuck(): boolean {
    const since = [...this.#ghosts.values(), ...this.#endings.unsettledSince()]
    return since.some(moment => elapsedSince(moment, this.#host.clock) >= this.ttlMs)
  }

  /** A claim that nobody here knows: a request that was thought lost and arrived after all (CLAIM-7). */
  #endGhost(ghost: { readonly jobId: string; readonly claimId: string; readonly token: bigint }): void {
    const ending: Ending = { ...ghost, how: 'abandon', delayMs: 0, failed: false }
    const errand = { doing: 'abandoning', jobId: ghost.jobId, write: true }
    this.#host.courier
      .deliver(errand, ticket => this.#work.submit({ ending }, ticket), this.ttlMs / 3)
      .catch(error => this.#host.trouble(error, 'ending a claim that nobody knows of'))
  }

  #knows(claimId: string): boolean {
    return this.#held.has(claimId) || this.#making.has(claimId) || this.#endings.has(claimId)
  }

  #provenBy(sentAt: Instant): Instant {
    const validMs = this.ttlMs * (1 - driftBound) - Math.max(this.ttlMs / 10, leastMarginMs)
    return { monotonic: sentAt.monotonic + validMs, wall: sentAt.wall + validMs }
  }

  /** One timer that looks at the deadline and, as that has moved on by then, is set anew. */
  #watchExpiry(): void {
    this.checkTime()
    if (this.#over) return
    const leftMs = this.deadline - this.#host.clock.now()
    this.#expiry = this.#host.clock.setTimeout(() => this.#watchExpiry(), Math.max(1, leftMs)).unref()
  }
}
