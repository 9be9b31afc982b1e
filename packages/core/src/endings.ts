import type { Claim } from './claim.js'
import { type Clock, elapsedSince, type Instant, instant } from './clock.js'
import type { Courier } from './courier.js'
import type { Ticket } from './delivery.js'
import type { Ending, EndingAnswer } from './driver/driver.js'
import { ClaimLostError, type LossReason, OutcomeUnknownError } from './errors.js'
import { TransitMap, TransitSet } from './transit.js'

/** What the endings of a session need of it. */
export interface EndingsHost {
  readonly courier: Courier
  readonly clock: Clock
  readonly rememberMs: number
  /** How long an ending that is sent again in the background may take. */
  readonly againLimitMs: number
  submit(ending: Ending, ticket: Ticket): Promise<EndingAnswer>
  /** The claim stands as it stood before its ending; false when the session is over. */
  takeBack(claim: Claim): void
  /** Tells the owner that the claim is lost, unless they know. */
  lose(claim: Claim, reason: LossReason): ClaimLostError
  trouble(error: unknown, during: string): void
}

interface Unsettled {
  readonly claim: Claim
  readonly ending: Ending
  readonly since: Instant
}

const doing = { consume: 'consuming', abandon: 'abandoning', trash: 'trashing' } as const

/**
 * Ends the claims of one session.
 *
 * An ending whose outcome its caller could not learn is sent again with each renewal until it is answered (FAULT-3), so that no
 * claim is kept alive of which nobody knows whether it ended.
 */
export class Endings {
  readonly #host: EndingsHost
  /** Claims that are being ended, by id: the backend may have them still. */
  readonly #underway = new TransitMap<string, Claim>()
  /** Endings that are sent again with each renewal. */
  readonly #unsettled = new Map<string, Unsettled>()
  /** Claims of which an ending is on its way at this moment. */
  readonly #sending = new TransitSet<Claim>()
  /** Since when an ending of a claim may have been done without our learning it; it outlives the session. */
  readonly #doubtfulSince = new WeakMap<Claim, Instant>()

  constructor(host: EndingsHost) {
    this.#host = host
  }

  has(claimId: string): boolean {
    return this.#underway.has(claimId)
  }

  /** `persist`: nobody can ask again, so an ending that could not be sent is sent with the next renewals. */
  async end(claim: Claim, ending: Ending, persist: boolean): Promise<Ending['how']> {
    this.#underway.set(claim.id, claim)
    const began = this.#doubtfulSince.get(claim) ?? instant(this.#host.clock)
    try {
      return await this.#deliver(claim, ending)
    } catch (error) {
      if (error instanceof OutcomeUnknownError) this.#doubtfulSince.set(claim, began)
      throw this.#afterFailure(claim, ending, persist, error)
    }
  }

  unsettledSince(): readonly Instant[] {
    return [...this.#unsettled.values()].map(({ since }) => since)
  }

  /** Sends again what is unsettled. */
  settleAll(): void {
    for (const { claim, ending } of this.#unsettled.values()) {
      if (this.#sending.has(claim)) continue
      this.#deliver(claim, ending, this.#host.againLimitMs).catch(error => {
        // A loss was told to the owner; the rest is tried again with the next renewal, until the session ends.
        if (!(error instanceof ClaimLostError)) this.#host.trouble(error, 'learning the outcome of an ending')
      })
    }
  }

  /** Gives up on all; answers the claims that the backend may have still. */
  clear(): readonly Claim[] {
    const claims = this.#underway.values()
    this.#underway.clear()
    this.#unsettled.clear()
    return claims
  }

  async #deliver(claim: Claim, ending: Ending, limitMs?: number): Promise<Ending['how']> {
    const { courier, clock, rememberMs } = this.#host
    const errand = { doing: doing[ending.how], jobId: ending.jobId, write: true }
    const began = this.#doubtfulSince.get(claim) ?? instant(clock)
    let doubtful = this.#doubtfulSince.has(claim)
    const send = (ticket: Ticket): Promise<EndingAnswer> => {
      doubtful ||= ticket.doubtful
      return this.#host.submit(ending, ticket)
    }
    this.#sending.add(claim)
    let answer: EndingAnswer
    try {
      answer = await courier.deliver(errand, send, limitMs)
    } finally {
      this.#sending.delete(claim)
    }
    this.#forget(claim)
    if (answer.kind === 'settled') {
      claim.settle(answer.how)
      return answer.how
    }
    if (!doubtful || elapsedSince(began, clock) < rememberMs) throw this.#host.lose(claim, answer.cause)
    // Without a receipt a first send that was executed cannot be told from a claim that was lost.
    this.#host.lose(claim, 'unknown')
    throw new OutcomeUnknownError(errand.doing, ending.jobId)
  }

  #afterFailure(claim: Claim, ending: Ending, persist: boolean, error: unknown): unknown {
    if (error instanceof ClaimLostError) return error
    const doubtful = this.#doubtfulSince.has(claim)
    if (claim.state === 'held' && (doubtful || persist)) {
      const since = this.#unsettled.get(claim.id)?.since ?? instant(this.#host.clock)
      this.#unsettled.set(claim.id, { claim, ending, since })
    } else {
      this.#forget(claim)
      // Refused or never sent: the claim stands as it stood.
      if (!doubtful) this.#host.takeBack(claim)
    }
    if (!doubtful || error instanceof OutcomeUnknownError) return error
    // This call was not sent, but an earlier one was, and its outcome is as unknown as before.
    return new OutcomeUnknownError(doing[ending.how], ending.jobId, { cause: error })
  }

  #forget(claim: Claim): void {
    this.#underway.delete(claim.id)
    this.#unsettled.delete(claim.id)
  }
}
