import type {
  ClaimAnswer,
  ClaimGrant,
  ClaimTry,
  ClaimWish,
  Ending,
  EndingAnswer,
  LossCause,
  SessionRef,
  WishAnswer,
} from '@jobboard/core/driver'
import type { Board } from './board.js'
import { grantOf, isJob, type JobRow } from './codec.js'

type Claimer = Omit<ClaimTry, 'jobId'>

/** Claims one job, inside a transaction. The session is alive. */
export function tryClaim(board: Board, session: SessionRef, wanted: ClaimTry): ClaimAnswer {
  const before = answeredBefore(board, session, wanted.claimId)
  if (before !== undefined) return before
  const row = board.jobs.find(wanted.jobId)
  if (row?.state === 'claimed') return { kind: 'held', owner: String(row.owner) }
  if (row?.state === 'delayed') return { kind: 'delayed', availableAt: Number(row.available_at) }
  return (row?.state === 'ready' ? grant(board, session, row.seat, wanted) : undefined) ?? { kind: 'missing' }
}

/** Claims the first claimable job, inside a transaction. The session is alive. */
export function claimFirst(board: Board, session: SessionRef, wish: ClaimWish, now: number): WishAnswer {
  const before = answeredBefore(board, session, wish.claimId)
  if (before !== undefined) return before
  for (
    let seat = board.jobs.firstReady(wish.names);
    seat !== undefined;
    seat = board.jobs.firstReady(wish.names)
  ) {
    const claimed = grant(board, session, seat, wish)
    if (claimed !== undefined) return claimed
  }
  const nextChangeInMs = board.nextDueInMs(now)
  return { kind: 'none', ...(nextChangeInMs === undefined ? {} : { nextChangeInMs }) }
}

/** A request that was sent before is answered with the claim it made, or told that it is too late (CLAIM-11). */
function answeredBefore(
  board: Board,
  session: SessionRef,
  claimId: string,
): ClaimGrant | { readonly kind: 'ended' } | undefined {
  const row = board.jobs.claim(session.id, claimId)
  const job = row === undefined ? undefined : board.jobs.at(row.seat)
  if (row !== undefined && job !== undefined && isJob(job))
    return grantOf(claimId, job, BigInt(row.token ?? 0))
  return board.receipts.of(claimId) === undefined ? undefined : { kind: 'ended' }
}

/** Claims the job in this seat, which is ready; nothing when it turns out not to be a job. */
function grant(
  board: Board,
  session: SessionRef,
  seat: number,
  { claimId, owner }: Claimer,
): ClaimGrant | undefined {
  const job = board.jobs.at(seat)
  if (!isJob(job)) {
    board.setAside(seat, job)
    return undefined
  }
  const token = BigInt(board.jobs.take(seat, job.id, session.id, { claimId, owner }))
  return grantOf(
    claimId,
    { ...job, attempts: job.attempts + 1, standing: { state: 'CLAIMED', owner, token } },
    token,
  )
}

/** Ends one claim, or says what became of it, inside a transaction. */
export function endClaim(board: Board, session: SessionRef, ending: Ending, now: number): EndingAnswer {
  const row = board.jobs.find(ending.jobId)
  if (row !== undefined && isHeld(row, session, ending)) {
    board.jobs.end(row, ending, now)
    return { kind: 'settled', how: ending.how }
  }
  const receipt = board.receipts.of(ending.claimId)
  const how = receipt?.ending
  if (
    receipt !== undefined &&
    BigInt(receipt.token) === ending.token &&
    receipt.job_id === ending.jobId &&
    isEnding(how)
  ) {
    return { kind: 'settled', how }
  }
  return { kind: 'lost', cause: causeOf(board, ending.claimId, row) }
}

function isHeld(row: JobRow, session: SessionRef, ending: Ending): boolean {
  return (
    row.state === 'claimed' &&
    row.session === session.id &&
    row.claim_id === ending.claimId &&
    row.token !== null &&
    BigInt(row.token) === ending.token
  )
}

function isEnding(how: string | undefined): how is Ending['how'] {
  return how === 'consume' || how === 'abandon' || how === 'trash'
}

/** Why a claim is not there any more. */
export function causeOf(board: Board, claimId: string, row?: JobRow): LossCause {
  const receipt = board.receipts.of(claimId)
  if (receipt?.ending === 'forced') return 'forced'
  const job = row ?? (receipt === undefined ? undefined : board.jobs.find(receipt.job_id))
  if (job?.state === 'claimed') return 'taken over'
  return receipt === undefined || isEnding(receipt.ending) ? 'unknown' : 'expired'
}
