import {
  type Ending,
  type JobRecord,
  type MalformedEntry,
  type Posting,
  type Priority,
  priorityRank,
} from '@jobboard/core/driver'
import type { Changes } from './changes.js'
import { decodeJob, delayEnd, type ForeignRow, type JobRow, jobOfPosting } from './codec.js'
import type { Value } from './engine.js'
import { firstTrashSeat, seatOf, trashRank } from './layout.js'
import type { Receipts } from './receipts.js'
import type { Transactions } from './transaction.js'

/** What `decodeJob` needs. */
const foreignRow = `seat, id, name, priority, details, book, created_on, state, available_at, attempts, failures,
  losses, lost_by, previous, owner, token, trashed_with`

const ownRow =
  'seat, entry, id, name, priority, hash, state, available_at, claim_id, session, owner, token, forced_token'

/** How a claim ended with its job staying on the board. */
export type Release =
  | { readonly why: 'abandoned'; readonly delayMs: number; readonly failed: boolean }
  | { readonly why: 'lost' | 'closed'; readonly at: number }
  | { readonly why: 'forced'; readonly at: number; readonly reason: string }

export interface Claim {
  readonly claimId: string
  readonly session: string
  readonly owner: string
}

/** The rows of jobs, and every move that one can make. Each method is a part of somebody's transaction. */
export class Jobs {
  readonly #transactions: Transactions
  readonly #changes: Changes
  readonly #receipts: Receipts

  constructor(transactions: Transactions, changes: Changes, receipts: Receipts) {
    this.#transactions = transactions
    this.#changes = changes
    this.#receipts = receipts
  }

  find(id: string): JobRow | undefined {
    return this.#get('WHERE id = ?', id)
  }

  /** The claim that a session has under this id. */
  claim(session: string, claimId: string): JobRow | undefined {
    return this.#get(
      `INDEXED BY jobboard_claimed WHERE state = 'claimed' AND session = ? AND claim_id = ?`,
      session,
      claimId,
    )
  }

  claims(session: string, limit: number): readonly JobRow[] {
    const sql = `SELECT ${ownRow} FROM jobboard_jobs INDEXED BY jobboard_claimed WHERE state = 'claimed' AND session = ? LIMIT ?`
    return this.#transactions.exact(sql).all(session, limit) as readonly JobRow[]
  }

  /** The same, all of them, read from the index alone: a renewal asks for it. */
  claimIds(session: string): readonly string[] {
    const sql = `SELECT claim_id FROM jobboard_jobs INDEXED BY jobboard_claimed WHERE state = 'claimed' AND session = ?`
    const rows = this.#transactions.sql(sql).all(session) as readonly { readonly claim_id: string | null }[]
    return rows.flatMap(({ claim_id }) => claim_id ?? [])
  }

  /** The first claimable job in LIST-1 order: one look at an index, or one for each name. */
  firstReady(names: readonly string[] | undefined): bigint | undefined {
    const sql =
      names === undefined
        ? `SELECT seat FROM jobboard_jobs INDEXED BY jobboard_ready WHERE state = 'ready' ORDER BY seat LIMIT 1`
        : `SELECT min((SELECT seat FROM jobboard_jobs INDEXED BY jobboard_ready_by_name
             WHERE state = 'ready' AND name = wanted.value ORDER BY seat LIMIT 1)) AS seat FROM json_each(?) AS wanted`
    const statement = this.#transactions.exact(sql)
    const row = names === undefined ? statement.get() : statement.get(JSON.stringify(names))
    return (row as { readonly seat: bigint | null } | undefined)?.seat ?? undefined
  }

  at(seat: number | bigint): JobRecord | MalformedEntry {
    return decodeJob(this.row(seat))
  }

  row(seat: number | bigint): ForeignRow {
    const sql = `SELECT ${foreignRow} FROM jobboard_jobs LEFT JOIN jobboard_details USING (entry) WHERE seat = ?`
    return this.#transactions.exact(sql).get(seat) as ForeignRow
  }

  add(posting: Posting, now: number): JobRecord {
    const order = this.#next('last_order')
    const delayed = posting.delayMs > 0
    this.#run(
      `INSERT INTO jobboard_jobs (seat, entry, id, name, priority, book, hash, created_on, state, available_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      seatOf(priorityRank(posting.priority), order),
      order,
      posting.id,
      posting.name,
      posting.priority,
      posting.book === undefined ? null : JSON.stringify(posting.book),
      posting.hash,
      now,
      delayed ? 'delayed' : 'ready',
      delayed ? delayEnd(now, posting.delayMs) : null,
    )
    this.#run('INSERT INTO jobboard_details (entry, details) VALUES (?, ?)', order, posting.details)
    this.#changes.note(posting, 'posted', null, nobody)
    return jobOfPosting(posting, order, now)
  }

  /** Claims the job, which must be ready, and answers with the job as it stands then. */
  take(seat: bigint, job: JobRecord, claim: Claim): JobRecord {
    const { claimId, session, owner } = claim
    const token = this.#next('last_token')
    this.#run(
      `UPDATE jobboard_jobs SET state = 'claimed', attempts = attempts + 1, claim_id = ?, session = ?, owner = ?, token = ?
       WHERE seat = ?`,
      claimId,
      session,
      owner,
      token,
      seat,
    )
    this.#changes.note(job, 'claimed', null, { owner, session })
    return { ...job, attempts: job.attempts + 1, standing: { state: 'CLAIMED', owner, token: BigInt(token) } }
  }

  end(row: JobRow, ending: Ending, now: number): void {
    if (ending.how === 'abandon') {
      this.release(row, { why: 'abandoned', ...ending }, now)
      return
    }
    if (ending.how === 'consume') this.#remove(row)
    else this.#trash(row, { reason: ending.reason, error: ending.error, owner: row.owner, at: now })
    this.#receipts.add(row, ending.how, now)
    this.#changes.note(row, 'removed', ending.how === 'consume' ? 'consumed' : 'trashed', row)
  }

  /** Gives a claimed job back to the board. */
  release(row: JobRow, release: Release, now: number): void {
    const abandoned = release.why === 'abandoned'
    const lost = release.why === 'lost' || release.why === 'forced'
    const delayMs = abandoned ? release.delayMs : 0
    const cause = release.why === 'lost' ? 'expired' : release.why
    const reason = release.why === 'forced' ? { reason: release.reason } : {}
    const previous = abandoned ? null : JSON.stringify({ owner: row.owner, at: release.at, cause, ...reason })
    this.#run(
      `UPDATE jobboard_jobs SET state = ?, available_at = ?, failures = failures + ?, losses = losses + ?, previous = ?,
         lost_by = coalesce(?, lost_by), forced_token = coalesce(?, forced_token),
         claim_id = NULL, session = NULL, owner = NULL, token = NULL WHERE seat = ?`,
      delayMs > 0 ? 'delayed' : 'ready',
      delayMs > 0 ? delayEnd(now, delayMs) : null,
      lost || (abandoned && release.failed) ? 1 : 0,
      lost ? 1 : 0,
      previous,
      lost ? previous : null,
      release.why === 'forced' ? row.token : null,
      row.seat,
    )
    this.#receipts.add(row, cause === 'abandoned' ? 'abandon' : cause, now)
    this.#changes.note(row, 'released', release.why, row)
  }

  /** Puts a trashed job back, as newly posted. */
  restore(row: JobRow): number {
    const seat = seatOf(priorityRank(row.priority as Priority), this.#next('last_order'))
    this.#run(
      `UPDATE jobboard_jobs SET seat = ?, state = 'ready', attempts = 0, failures = 0, losses = 0,
         lost_by = NULL, previous = NULL, forced_token = NULL, trashed_with = NULL WHERE seat = ?`,
      seat,
      row.seat,
    )
    this.#changes.note(row, 'posted', 'restored', nobody)
    return seat
  }

  /** The receipt of the trashing may be over by now; without one the job would be taken for a consumed one. */
  purge(row: JobRow, now: number): void {
    this.#remove(row)
    this.#receipts.add({ ...row, claim_id: `purge of ${row.seat}`, token: 0n }, 'trash', now)
  }

  /** Takes a row that is no job out of the way of claims. All of it stays for whoever wants to repair it. */
  setAside(seat: bigint): void {
    this.#run(
      `UPDATE jobboard_jobs SET state = 'malformed' WHERE seat = ? AND state IN ('ready', 'delayed')`,
      seat,
    )
  }

  /** Makes a part of the delayed jobs that are due claimable, and tells how many. */
  promote(now: number, limit: number): number {
    const sql = `UPDATE jobboard_jobs SET state = 'ready', available_at = NULL WHERE seat IN (SELECT seat FROM jobboard_jobs
      INDEXED BY jobboard_delayed WHERE state = 'delayed' AND available_at <= ? ORDER BY available_at LIMIT ?)`
    return Number(
      (this.#transactions.sql(sql).run(now, limit) as { readonly changes: number | bigint }).changes,
    )
  }

  #trash(
    row: JobRow,
    why: { reason: string; error: string | undefined; owner: string | null; at: number },
  ): void {
    this.#run(
      `UPDATE jobboard_jobs SET seat = ?, state = 'trashed', trashed_with = ?, claim_id = NULL, session = NULL, owner = NULL,
         token = NULL WHERE seat = ?`,
      seatOf(trashRank, this.#next('last_order')),
      JSON.stringify(why),
      row.seat,
    )
  }

  #remove(row: JobRow): void {
    this.#run('DELETE FROM jobboard_jobs WHERE seat = ?', row.seat)
    this.#run('DELETE FROM jobboard_details WHERE entry = ?', row.entry)
  }

  /** Counters live in the board's own row, so they outlast every job (CLAIM-4). */
  #next(counter: 'last_order' | 'last_token'): number {
    const sql = `UPDATE jobboard SET ${counter} = ${counter} + 1 RETURNING ${counter} AS next`
    return (this.#transactions.sql(sql).get() as { readonly next: number }).next
  }

  #get(where: string, ...values: readonly string[]): JobRow | undefined {
    return this.#transactions.exact(`SELECT ${ownRow} FROM jobboard_jobs ${where}`).get(...values) as
      | JobRow
      | undefined
  }

  #run(sql: string, ...values: readonly Value[]): void {
    this.#transactions.sql(sql).run(...values)
  }
}

const nobody = { owner: null, session: null }

/** Whether a seat is in the trash. */
export function inTrash(row: JobRow): boolean {
  return row.seat >= firstTrashSeat
}
