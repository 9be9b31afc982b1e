import type { Ending } from '@jobboard/core/driver'
import type { JobRow } from './codec.js'
import type { Transactions } from './transaction.js'

/** How a claim came to its end: as its owner said, or against its owner. */
export type ClaimEnd = Ending['how'] | 'expired' | 'forced' | 'closed'

export interface Receipt {
  readonly job_id: string
  readonly ending: ClaimEnd
  /** Of the job's content. */
  readonly hash: string
}

const leastPruned = 50

/** The marks that endings leave, found by claim and by job (SETTLE-3). Each method is a part of somebody's transaction. */
export class Receipts {
  readonly #transactions: Transactions
  readonly #rememberMs: number
  /** How many were added since the last pruning. */
  #added = 0

  constructor(transactions: Transactions, rememberMs: number) {
    this.#transactions = transactions
    this.#rememberMs = rememberMs
  }

  /** For the claim that the row still shows. */
  add(row: JobRow, ending: ClaimEnd, now: number): void {
    if (this.#rememberMs === 0 || row.claim_id === null) return
    const sql = `INSERT OR REPLACE INTO jobboard_receipts (claim_id, job_id, token, ending, hash, expires_at)
      VALUES (?, ?, ?, ?, ?, ?)`
    const expiresAt = now + this.#rememberMs
    this.#added += 1
    this.#transactions.sql(sql).run(row.claim_id, row.id, row.token, ending, row.hash, expiresAt)
  }

  of(claimId: string, now: number): Receipt | undefined {
    const sql = 'SELECT job_id, ending, hash FROM jobboard_receipts WHERE claim_id = ? AND expires_at > ?'
    return this.#transactions.sql(sql).get(claimId, now) as Receipt | undefined
  }

  /** How a job left the board that is not there now. */
  ofRemoved(jobId: string, now: number): Receipt | undefined {
    const sql = `SELECT job_id, ending, hash FROM jobboard_receipts
      WHERE job_id = ? AND ending IN ('consume', 'trash') AND expires_at > ? ORDER BY token DESC LIMIT 1`
    return this.#transactions.sql(sql).get(jobId, now) as Receipt | undefined
  }

  /**
   * Forgets a part of what has been kept long enough: more than is added, so that there is an end to it, and little
   * beyond that, since what a busy minute left behind falls due within another minute.
   */
  prune(now: number): void {
    const sql = `DELETE FROM jobboard_receipts WHERE claim_id IN
      (SELECT claim_id FROM jobboard_receipts WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`
    this.#transactions.sql(sql).run(now, leastPruned + 2 * this.#added)
    this.#added = 0
  }
}
