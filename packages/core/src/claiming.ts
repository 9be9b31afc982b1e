import type { Chooser } from './chooser.js'
import { Claim } from './claim.js'
import type { Courier } from './courier.js'
import type { Errand } from './delivery.js'
import type { ClaimAnswer, ClaimGrant, ClaimWish, JobboardDriver, WishAnswer } from './driver/driver.js'
import type { JobRecord } from './driver/records.js'
import {
  AlreadyClaimedError,
  ClaimLostError,
  ClaimNotHeldError,
  JobNotFoundError,
  NotAvailableYetError,
  OutcomeUnknownError,
  UnavailableError,
} from './errors.js'
import type { Job } from './job.js'
import type { Session } from './session.js'
import type { Sessions } from './sessions.js'
import { TransitMap } from './transit.js'

/** What claiming needs of its board. */
export interface ClaimingHost {
  readonly driver: JobboardDriver
  readonly courier: Courier
  readonly sessions: Sessions
  readonly newId: () => string
  /** Stands in for `claimNext` where the driver has none. */
  readonly chooser: Chooser | undefined
  job(record: JobRecord): Job
}

/** A claim, or when it may be worth looking again. */
export interface Next {
  readonly claim?: Claim
  readonly nextChangeInMs?: number
}

/** What is left of the time limit of one call, over all its steps (FAULT-1). */
type LeftMs = () => number

/** So many claims are remembered after their end; each may hold details of some size. */
const mostRemembered = 100

/** Makes claims, and finds those of this board again by job. */
export class Claiming {
  readonly #host: ClaimingHost
  readonly #byJob = new TransitMap<string, Claim>()

  /**
   * Claims that ended of late without their owner's learning it, the oldest first: that they were lost (SETTLE-2), or that an
   * ending in doubt was done (SETTLE-3). Who ends one by its job learns it then.
   */
  readonly #untold = new Map<string, Claim>()

  constructor(host: ClaimingHost) {
    this.#host = host
  }

  /** @throws AlreadyClaimedError, NotAvailableYetError, JobNotFoundError, OutcomeUnknownError, UnavailableError */
  async claim(jobId: string, owner: string): Promise<Claim> {
    const { session, answer } = await this.#underSession((session, leftMs) =>
      this.#tryJob(session, jobId, owner, leftMs),
    )
    switch (answer.kind) {
      case 'claimed':
        return this.#adopt(session, answer, owner)
      case 'held':
        throw new AlreadyClaimedError(jobId, answer.owner)
      case 'delayed':
        throw new NotAvailableYetError(jobId, new Date(answer.availableAt))
      case 'missing':
        throw new JobNotFoundError(jobId)
      case 'ended':
        // An earlier send was granted, and somebody has ended that claim before its answer came.
        throw new ClaimLostError(jobId, 'unknown')
      case 'over':
        throw endedTwice()
    }
  }

  /** The first claimable job in LIST-1 order. @throws OutcomeUnknownError, UnavailableError */
  async claimNext(owner: string, names: readonly string[] | undefined): Promise<Next> {
    const wanted = names === undefined ? { owner } : { owner, names }
    const { session, answer } = await this.#underSession((session, leftMs) =>
      this.#tryNext(session, wanted, leftMs),
    )
    if (answer.kind === 'claimed') return { claim: this.#adopt(session, answer, owner) }
    if (answer.kind === 'none') return answer
    throw endedTwice()
  }

  /** The claim that this board holds on a job, or held of late; it knows itself how it ended. @throws ClaimNotHeldError */
  held(jobId: string, owner: string | undefined): Claim {
    const claim = this.#byJob.get(jobId) ?? this.#untold.get(jobId)
    if (claim === undefined || (owner !== undefined && claim.owner !== owner))
      throw new ClaimNotHeldError(jobId, owner)
    return claim
  }

  /**
   * A session may end between two calls; then the same is tried once more under a new one. So it is for a wish whose claim
   * was granted and has ended before its answer came.
   */
  async #underSession<A extends { readonly kind: string }>(
    attempt: (session: Session, leftMs: LeftMs) => Promise<A>,
  ): Promise<{ readonly session: Session; readonly answer: A }> {
    const leftMs = this.#host.courier.countdown()
    const session = this.#host.sessions.current ?? (await this.#host.sessions.within(leftMs))
    const answer = await attempt(session, leftMs)
    if (answer.kind !== 'over' && answer.kind !== 'ended') return { session, answer }
    const fresh = await this.#host.sessions.within(leftMs)
    return { session: fresh, answer: await attempt(fresh, leftMs) }
  }

  #tryJob(session: Session, jobId: string, owner: string, leftMs: LeftMs): Promise<ClaimAnswer> {
    const request = { jobId, owner, claimId: this.#host.newId() }
    const errand = { doing: 'claiming', jobId, write: true }
    return this.#settled(session, request.claimId, errand, leftMs, ticket => session.claim(request, ticket))
  }

  async #tryNext(session: Session, wanted: Omit<ClaimWish, 'claimId'>, leftMs: LeftMs): Promise<WishAnswer> {
    const { chooser, courier, newId } = this.#host
    if (chooser === undefined) {
      const { owner, names } = wanted
      const claimId = newId()
      const wish = names === undefined ? { claimId, owner } : { claimId, owner, names }
      const errand = { doing: 'claiming the next job', write: true }
      return this.#settled(session, claimId, errand, leftMs, ticket => session.claimNext(wish, ticket))
    }
    // So is a listing, which may take longer than one caller waits, and is then there for the next.
    await courier.deliver({ doing: 'listing the board', write: false }, () => chooser.fill(wanted), leftMs())
    return chooser.claimNext(wanted, jobId => this.#tryJob(session, jobId, wanted.owner, leftMs))
  }

  /** Delivers, and leaves no claim id behind of which nobody will know. */
  async #settled<A extends { readonly kind: string }>(
    session: Session,
    claimId: string,
    errand: Errand,
    leftMs: LeftMs,
    send: Parameters<Courier['deliver']>[1],
  ): Promise<A> {
    try {
      const answer = (await this.#host.courier.deliver(errand, send, leftMs())) as A
      if (answer.kind !== 'claimed') session.disown(claimId, false)
      return answer
    } catch (error) {
      session.disown(claimId, error instanceof OutcomeUnknownError)
      throw error
    }
  }

  #adopt(session: Session, grant: ClaimGrant, owner: string): Claim {
    const job = this.#host.job(grant.job)
    const claim = new Claim(session, job, grant.claimId, owner, grant.token, grant.previous)
    // Granted, but meanwhile the session has ended: by the clocks of a process that stood still, or with its board.
    if (!session.adopt(claim)) throw claim.lose(session.lostBy ?? 'expired')
    this.#byJob.set(job.id, claim)
    this.#untold.delete(job.id)
    claim.onEnd(() => this.#ended(claim))
    return claim
  }

  #ended(claim: Claim): void {
    const jobId = claim.job.id
    if (this.#byJob.get(jobId) !== claim) return
    this.#byJob.delete(jobId)
    if (claim.state !== 'lost' && !claim.inDoubt) return
    this.#untold.set(jobId, claim)
    if (this.#untold.size <= mostRemembered) return
    for (const [oldest] of this.#untold) return void this.#untold.delete(oldest)
  }
}

function endedTwice(): UnavailableError {
  return new UnavailableError(
    'The session or the claim ended twice before the answer came, so nothing is held',
  )
}
