import type {
  ClaimAnswer,
  ClaimGrant,
  ClaimTry,
  ClaimWish,
  Ending,
  EndingAnswer,
  LossCause,
  SessionRef,
  SettleAnswer,
  WishAnswer,
} from '@jobboard/core/driver'
import type { Board } from './board.js'
import { decodeJob, grantOf, isJob, type Row } from './codec.js'
import type { Argument, Reply } from './scripts.js'

export async function claim(
  board: Board,
  session: SessionRef,
  tries: readonly ClaimTry[],
): Promise<readonly ClaimAnswer[]> {
  const replies = await tryAll(board, session, tries)
  // Jobs of other programs that the hints do not know yet: nothing was done to them.
  const strangers = tries.filter((_, i) => word(replies[i]) === 'adopt').map(({ jobId }) => jobId)
  if (strangers.length > 0) {
    await board.reconciling.adopt('board', strangers)
    return claim(board, session, tries)
  }
  return Promise.all(replies.map(async (reply, i) => (await answerOf(board, reply, tries[i])) ?? missing))
}

export async function claimNext(
  board: Board,
  session: SessionRef,
  wishes: readonly ClaimWish[],
): Promise<readonly WishAnswer[]> {
  return (await settle(board, session, [], wishes)).wishes ?? []
}

/** Endings first, then the wishes that they may make room for. */
export async function settle(
  board: Board,
  session: SessionRef,
  endings: readonly Ending[],
  wishes?: readonly ClaimWish[],
): Promise<SettleAnswer> {
  const ids = endings.map(({ jobId }) => jobId)
  const [, ended, granted] = await board.reconciling.run('work', ids, trust => [
    session.id,
    trust,
    endings.length,
    ...endings.flatMap(endingArgs),
    ...(wishes ?? []).flatMap(wishArgs),
  ])
  const answers = (ended as readonly Reply[]).map(endingOf)
  if (wishes === undefined) return { endings: answers }
  const claims = wishes.map((wish, i) => wishOf(board, session, granted[i], wish))
  return { endings: answers, wishes: await Promise.all(claims) }
}

async function tryAll(
  board: Board,
  session: SessionRef,
  tries: readonly ClaimTry[],
): Promise<readonly Reply[]> {
  const ids = tries.map(({ jobId }) => jobId)
  const args = tries.flatMap(({ jobId, claimId, owner }) => [jobId, claimId, owner])
  const [, replies] = await board.scripts.run('claim', ids, [session.id, ...args])
  return replies as readonly Reply[]
}

const missing = { kind: 'missing' } as const

/** Undefined for a claim on what turns out not to be a job. */
async function answerOf(
  board: Board,
  reply: Reply,
  { claimId }: { readonly claimId: string } = { claimId: '' },
): Promise<ClaimAnswer | undefined> {
  const [, detail, row] = reply
  switch (word(reply)) {
    case 'claimed':
      return granted(board, row, claimId)
    case 'held':
      return { kind: 'held', owner: String(detail) }
    case 'delayed':
      return { kind: 'delayed', availableAt: Number(detail) }
    default:
      return { kind: word(reply) as 'missing' | 'ended' | 'over' }
  }
}

async function wishOf(board: Board, session: SessionRef, reply: Reply, wish: ClaimWish): Promise<WishAnswer> {
  const [, detail, row] = reply
  switch (word(reply)) {
    case 'claimed': {
      const grant = await granted(board, row, wish.claimId)
      if (grant !== undefined) return grant
      // It was put aside, and the wish is as new.
      const [next] = await claimNext(board, session, [wish])
      return next ?? { kind: 'none' }
    }
    case 'none':
      return { kind: 'none', ...(detail === null ? {} : { nextChangeInMs: Number(detail) }) }
    default:
      return { kind: word(reply) as 'ended' | 'over' }
  }
}

/** Another program may have overwritten a posting since it was adopted. Such an entry is taken out of the way, and reported. */
async function granted(board: Board, row: Row, claimId: string): Promise<ClaimGrant | undefined> {
  const job = decodeJob(row)
  if (isJob(job)) return grantOf(row, job, claimId)
  const id = row[0].toString()
  await board.scripts.run('setAside', [id], [id, claimId])
  board.sink.malformed(job)
  return undefined
}

function endingArgs(ending: Ending): readonly Argument[] {
  const { jobId, claimId, token, how } = ending
  const delayMs = how === 'abandon' ? ending.delayMs : 0
  const failed = how === 'abandon' && ending.failed
  const { reason = '', error } = how === 'trash' ? ending : {}
  const told = [reason, error === undefined ? 0 : 1, error ?? '']
  return [jobId, claimId, String(token), how, delayMs, failed ? 1 : 0, ...told]
}

function wishArgs({ claimId, owner, names = [] }: ClaimWish): readonly Argument[] {
  return [claimId, owner, names.length, ...names]
}

function endingOf(reply: Reply): EndingAnswer {
  const detail = String(reply[1])
  return word(reply) === 'settled'
    ? { kind: 'settled', how: detail as Ending['how'] }
    : { kind: 'lost', cause: detail as LossCause }
}

function word(reply: Reply | undefined): string {
  return String(reply?.[0])
}
