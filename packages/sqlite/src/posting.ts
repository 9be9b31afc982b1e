import type { JobsAnswer, PostAnswer, Posting } from '@jobboard/core/driver'
import type { Board } from './board.js'
import { isJob } from './codec.js'

/** Stores one job, or says what is there under its id (POST-3), inside a transaction. */
export function post(board: Board, posting: Posting, now: number): PostAnswer {
  const row = board.jobs.find(posting.id)
  if (row !== undefined) {
    const job = row.hash === posting.hash ? board.jobs.at(row.seat) : undefined
    return job !== undefined && isJob(job) ? { kind: 'same', job } : { kind: 'conflict' }
  }
  const receipt = board.receipts.ofRemoved(posting.id, now)
  if (receipt !== undefined) {
    if (receipt.hash !== posting.hash) return { kind: 'conflict' }
    return { kind: receipt.ending === 'consume' ? 'consumed' : 'purged' }
  }
  return { kind: 'posted', job: board.jobs.add(posting, now) }
}

/** Where the job with this id stands, inside a transaction. */
export function lookAt(board: Board, id: string, now: number): JobsAnswer['found'][number] {
  const row = board.jobs.find(id)
  if (row === undefined) {
    const ending = board.receipts.ofRemoved(id, now)?.ending
    return ending === 'consume' ? 'consumed' : ending === 'trash' ? 'purged' : 'absent'
  }
  const job = board.jobs.at(row.seat)
  return isJob(job) ? job : 'malformed'
}
