import type {
  AnnounceOrder,
  ForceAnswer,
  ForceOrder,
  Order,
  OrderAnswer,
  PurgeOrder,
  RestoreOrder,
} from '@jobboard/core/driver'
import type { Board } from './board.js'
import { decodeJob, isJob } from './codec.js'
import type { Reply } from './scripts.js'

/** Carries out one order, as one script. */
export function administer(board: Board, order: Order): Promise<OrderAnswer<Order>> {
  switch (order.kind) {
    case 'force':
      return force(board, order)
    case 'restore':
      return restore(board, order)
    case 'purge':
      return purge(board, order)
    case 'announce':
      return announce(board, order)
  }
}

async function force(board: Board, { jobId, token, reason }: ForceOrder): Promise<ForceAnswer> {
  const [word, current] = await board.scripts.run('force', [jobId], [jobId, String(token), reason])
  if (word === 'changed')
    return { kind: 'changed', ...(current === null ? {} : { token: BigInt(String(current)) }) }
  return { kind: word as 'released' | 'missing' }
}

async function restore(board: Board, { jobId, order }: RestoreOrder): Promise<OrderAnswer<RestoreOrder>> {
  const reply = await board.scripts.run('restore', [jobId], [jobId, String(order)])
  if (reply[0] === 'missing') return notInTrash(reply)
  const job = decodeJob(reply[1])
  return isJob(job) ? { kind: 'restored', job } : { kind: 'missing', onBoard: true }
}

async function purge(board: Board, { jobId, order }: PurgeOrder): Promise<OrderAnswer<PurgeOrder>> {
  const reply = await board.scripts.run('purge', [jobId], [jobId, String(order)])
  return reply[0] === 'missing' ? notInTrash(reply) : { kind: 'purged' }
}

async function announce(
  board: Board,
  { session, entity }: AnnounceOrder,
): Promise<OrderAnswer<AnnounceOrder>> {
  const key = JSON.stringify([entity.kind, entity.name])
  const [word] = await board.scripts.run('announce', [], [session.id, key, JSON.stringify(entity)])
  return { kind: word as 'announced' | 'over' }
}

function notInTrash([, onBoard]: Reply): { readonly kind: 'missing'; readonly onBoard: boolean } {
  return { kind: 'missing', onBoard: onBoard === 1 }
}
