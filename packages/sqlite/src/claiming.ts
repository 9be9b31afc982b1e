import type {
  ClaimAnswer,
  ClaimGrant,
  ClaimTry,
  ClaimWish,
  Ending,
  EndingAnswer,
  LossCause,
  MalformedEntry,
  WishAnswer,
} from '@jobboard/core/driver'
import type { Board } from './board.js'
import { decodeJob, grantOf, isJob, type JobRow } from './codec.js'

/** What one session claims and ends within one transaction. Claims are for sessions that are alive. */
export class Claiming {
  readonly #board: Board
  readonly #session: string
  readonly #now: number
  #isAlive: boolean | undefined

  constructor(board: Board, session: string, now: number) {
    this.#board = board
    this.#session = session
    this.#now = now
  }

  claim(wanted: ClaimTry): ClaimAnswer {
    const before = this.#answeredBefore(wanted.claimId)
    if (before !== undefined) return before
    const row = this.#board.jobs.find(wanted.jobId)
    if (row?.state === 'claimed') return { kind: 'held', owner: String(row.owner) }
    if (row?.state === 'delayed') return this.#delayed(row) ?? missing
    return (row?.state === 'ready' ? this.#grant(row.seat, wanted) : undefined) ?? missing
  }

  /** Claims the first claimable job. */
  claimFirst(wish: ClaimWish): WishAnswer {
    const before = this.#answeredBefore(wish.claimId)
    if (before !== undefined) return before
    const { jobs } = this.#board
    for (let seat = jobs.firstReady(wish.names); seat !== undefined; seat = jobs.firstReady(wish.names)) {
      const claimed = this.#grant(seat, wish)
      if (claimed !== undefined) return claimed
    }
    const nextChangeInMs = this.#board.nextDueInMs(this.#now)
    return { kind: 'none', ...(nextChangeInMs === undefined ? {} : { nextChangeInMs }) }
  }

  /** Ends a claim, or says what became of it. */
  end(ending: Ending): EndingAnswer {
    const row = this.#board.jobs.find(ending.jobId)
    if (row !== undefined && this.#holds(row, ending)) {
      this.#board.jobs.end(row, ending, this.#now)
      return { kind: 'settled', how: ending.how }
    }
    const how = this.#board.receipts.of(ending.claimId, this.#now)?.ending
    if (how === 'consume' || how === 'abandon' || how === 'trash') return { kind: 'settled', how }
    return { kind: 'lost', cause: this.causeOf(ending.claimId, row) }
  }

  /** Why a claim is not there any more. The job's row is looked up by the claim's receipt, unless it is known. */
  causeOf(claimId: string, row?: JobRow): LossCause {
    const receipt = this.#board.receipts.of(claimId, this.#now)
    if (receipt?.ending === 'forced') return 'forced'
    const job = row ?? (receipt && this.#board.jobs.find(receipt.job_id))
    if (job?.state === 'claimed') return 'taken over'
    return receipt?.ending === 'expired' ? 'expired' : 'unknown'
  }

  #holds(row: JobRow, { claimId, token }: Ending): boolean {
    return row.session === this.#session && row.claim_id === claimId && row.token === token
  }

  /** A session that is over claims nothing. */
  get #alive(): boolean {
    this.#isAlive ??= this.#board.sessions.alive(this.#session)
    return this.#isAlive
  }

  /** A request that was sent before is answered with the claim it made, or told that it is too late (CLAIM-11). */
  #answeredBefore(
    claimId: string,
  ): ClaimGrant | { readonly kind: 'ended' } | { readonly kind: 'over' } | undefined {
    if (!this.#alive) return { kind: 'over' }
    const held = this.#board.jobs.claim(this.#session, claimId)
    if (held === undefined)
      return this.#board.receipts.of(claimId, this.#now) === undefined ? undefined : { kind: 'ended' }
    const row = this.#board.jobs.row(held.seat)
    const job = decodeJob(row)
    if (isJob(job)) return grantOf(row, job, claimId)
    // Somebody spoiled it since. The same claim id must never get another job.
    this.#board.report(job)
    return { kind: 'ended' }
  }

  #delayed({ seat }: JobRow): ClaimAnswer | undefined {
    const job = this.#board.jobs.at(seat)
    if (!isJob(job)) return this.#setAside(seat, job)
    const { availableAt = this.#now } = job.standing as { readonly availableAt?: number }
    return { kind: 'delayed', availableAt }
  }

  /** Claims the job in this seat, which is ready; nothing when it turns out not to be a job. */
  #grant(seat: bigint, { claimId, owner }: Omit<ClaimTry, 'jobId'>): ClaimGrant | undefined {
    const row = this.#board.jobs.row(seat)
    const job = decodeJob(row)
    if (!isJob(job)) return this.#setAside(seat, job)
    const claimed = this.#board.jobs.take(seat, job, { claimId, owner, session: this.#session })
    return grantOf(row, claimed, claimId)
  }

  /** Takes a row that is no job out of the way of claims, and reports it. */
  #setAside(seat: bigint, entry: MalformedEntry): undefined {
    this.#board.jobs.setAside(seat)
    this.#board.report(entry)
  }
}

const missing = { kind: 'missing' } as const
