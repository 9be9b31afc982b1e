import type { Changes } from './changes.js'
import type { Jobs } from './jobs.js'
import type { Receipts } from './receipts.js'
import type { Sessions } from './sessions.js'
import type { Transactions } from './transaction.js'

export interface Tables {
  readonly jobs: Jobs
  readonly sessions: Sessions
  readonly receipts: Receipts
  readonly changes: Changes
}

/** So many jobs change by time alone in one transaction, so that even a great many never hold the event loop for long. */
const piece = 500

/** What is due and stands there all the same cannot be written at this moment. */
const triedAgainInMs = 1000

/**
 * Does a piece of what time alone has made due: delays that end, sessions that expire, records that are kept no longer.
 *
 * Every write begins with it, by the clock reading that it then judges by. So no write sees a job that is still delayed
 * or claimed and should not be. True when there may be more to do before that can be said.
 */
export function passTime({ jobs, sessions, receipts, changes }: Tables, now: number): boolean {
  let left = piece - jobs.promote(now, piece)
  for (let over = sessions.firstOver(now); over !== undefined && left > 0; over = sessions.firstOver(now)) {
    left -= 1 + sessions.giveBack(over, now, left)
  }
  receipts.prune(now)
  changes.prune()
  return left <= 0
}

/** Whether a reader would see what `passTime` has yet to change. */
export function isDue(transactions: Transactions, now: number): boolean {
  const sql = `SELECT EXISTS (SELECT 1 FROM jobboard_sessions INDEXED BY jobboard_sessions_expiry WHERE expires_at <= ?)
    OR EXISTS (SELECT 1 FROM jobboard_jobs INDEXED BY jobboard_delayed WHERE state = 'delayed' AND available_at <= ?) AS due`
  return (transactions.sql(sql).get(now, now) as { readonly due: number }).due === 1
}

/** When something becomes claimable by time alone next: milliseconds from now. */
export function nextDueInMs(transactions: Transactions, now: number): number | undefined {
  const sql = `SELECT min(at) AS at FROM (
    SELECT min(available_at) AS at FROM jobboard_jobs INDEXED BY jobboard_delayed WHERE state = 'delayed'
    UNION ALL
    SELECT min(expires_at) FROM jobboard_sessions WHERE EXISTS
      (SELECT 1 FROM jobboard_jobs INDEXED BY jobboard_claimed WHERE state = 'claimed' AND session = jobboard_sessions.id))`
  const { at } = transactions.exact(sql).get() as { readonly at: bigint | null }
  if (at === null) return undefined
  const inMs = Number(at) - now
  return inMs > 0 ? inMs : triedAgainInMs
}
