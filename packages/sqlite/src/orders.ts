import type {
  ForceAnswer,
  ForceOrder,
  JobRecord,
  NotInTrash,
  Order,
  OrderAnswer,
  PurgeOrder,
  RestoreOrder,
} from '@jobboard/core/driver'
import type { Board } from './board.js'
import { isJob, type JobRow } from './codec.js'
import { inTrash } from './jobs.js'
import { orderOf } from './layout.js'

/** Carries out one order, inside a transaction. */
export function administer(board: Board, order: Order, now: number): OrderAnswer<Order> {
  switch (order.kind) {
    case 'force':
      return force(board, order, now)
    case 'restore':
      return restore(board, order)
    case 'purge':
      return purge(board, order, now)
    case 'announce':
      if (!board.sessions.alive(order.session.id)) return { kind: 'over' }
      board.sessions.announce(order.session.id, order.entity)
      return { kind: 'announced' }
  }
}

function force(board: Board, { jobId, token, reason }: ForceOrder, now: number): ForceAnswer {
  const row = board.jobs.find(jobId)
  if (row === undefined || inTrash(row)) return { kind: 'missing' }
  const current = row.token ?? undefined
  if (current === token) board.jobs.release(row, { why: 'forced', at: now, reason }, now)
  // By now, or by an earlier send of this order.
  if (current === token || row.forced_token === token) return { kind: 'released' }
  return { kind: 'changed', ...(current === undefined ? {} : { token: current }) }
}

function restore(
  board: Board,
  order: RestoreOrder,
): { readonly kind: 'restored'; readonly job: JobRecord } | NotInTrash {
  const row = trashed(board, order)
  if ('kind' in row) return row
  const before = board.jobs.at(row.seat)
  // What does not parse stays where it is, for whoever wants to repair it.
  if (!isJob(before)) return { kind: 'missing', onBoard: false }
  const job = board.jobs.at(board.jobs.restore(row))
  return isJob(job) ? { kind: 'restored', job } : { kind: 'missing', onBoard: true }
}

function purge(board: Board, order: PurgeOrder, now: number): { readonly kind: 'purged' } | NotInTrash {
  const row = trashed(board, order)
  if ('kind' in row) return row
  board.jobs.purge(row, now)
  return { kind: 'purged' }
}

/** Every trashing takes a seat of its own. */
function trashed(board: Board, { jobId, order }: RestoreOrder | PurgeOrder): JobRow | NotInTrash {
  const row = board.jobs.find(jobId)
  if (row !== undefined && inTrash(row) && orderOf(row.seat) === order) return row
  return { kind: 'missing', onBoard: row !== undefined && !inTrash(row) }
}
