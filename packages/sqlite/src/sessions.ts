import type { Entity, MalformedEntry, SessionRequest } from '@jobboard/core/driver'
import { decodeEntity, type EntityRow } from './codec.js'
import type { Jobs } from './jobs.js'
import type { Transactions } from './transaction.js'

/** A session that is over, and may still have claims to give back. */
export interface OverSession {
  readonly id: string
  readonly cause: 'lost' | 'closed'
  /** When it ended. */
  readonly at: number
}

/** 35 years; what is longer would leave the range of dates. */
const longestTtlMs = 2 ** 40

/** The rows of sessions and of the entities that live in them. Each method is a part of somebody's transaction. */
export class Sessions {
  readonly #transactions: Transactions
  readonly #jobs: Jobs

  constructor(transactions: Transactions, jobs: Jobs) {
    this.#transactions = transactions
    this.#jobs = jobs
  }

  /** Answers with the time to live: of the session that is there, if one is. */
  start(request: SessionRequest, now: number): number {
    const ttlMs = Math.min(request.ttlMs, longestTtlMs)
    const sql = 'INSERT OR IGNORE INTO jobboard_sessions (id, ttl_ms, expires_at) VALUES (?, ?, ?)'
    this.#transactions.sql(sql).run(request.id, ttlMs, now + ttlMs)
    const row = this.#transactions.sql('SELECT ttl_ms FROM jobboard_sessions WHERE id = ?').get(request.id)
    return (row as { readonly ttl_ms: number }).ttl_ms
  }

  /** Only after `passTime`, which removes what is over. */
  alive(id: string): boolean {
    return this.#transactions.sql('SELECT 1 FROM jobboard_sessions WHERE id = ?').get(id) !== undefined
  }

  /** Prolongs the session, unless it is over. */
  renew(id: string, now: number): boolean {
    const sql = 'UPDATE jobboard_sessions SET expires_at = ? + ttl_ms WHERE id = ? RETURNING 1'
    return this.#transactions.sql(sql).get(now, id) !== undefined
  }

  /** Ends the session for good, also for a clock that is set back. `passTime` gives back its claims, here or in another process. */
  end({ id, cause, at }: OverSession): void {
    const sql = `UPDATE jobboard_sessions SET expires_at = 0, cause = ?, ended_at = ? WHERE id = ? AND cause IS NULL`
    this.#transactions.sql(sql).run(cause, at, id)
  }

  firstOver(now: number): OverSession | undefined {
    const sql = `SELECT id, coalesce(cause, 'lost') AS cause, max(coalesce(ended_at, expires_at), 0) AS at
      FROM jobboard_sessions INDEXED BY jobboard_sessions_expiry WHERE expires_at <= ? ORDER BY expires_at LIMIT 1`
    return this.#transactions.sql(sql).get(now) as OverSession | undefined
  }

  /** Gives back at most so many claims, and removes the session when none is left; answers how many it gave back. */
  giveBack(session: OverSession, now: number, limit: number): number {
    const { id, cause, at } = session
    const claims = this.#jobs.claims(id, limit)
    for (const claim of claims) this.#jobs.release(claim, { why: cause, at }, now)
    if (claims.length === limit) {
      this.end(session)
    } else {
      this.#transactions.sql('DELETE FROM jobboard_entities WHERE session = ?').run(id)
      this.#transactions.sql('DELETE FROM jobboard_sessions WHERE id = ?').run(id)
    }
    return claims.length
  }

  announce(id: string, entity: Entity): void {
    const sql = 'INSERT OR REPLACE INTO jobboard_entities (kind, name, metadata, session) VALUES (?, ?, ?, ?)'
    this.#transactions.sql(sql).run(entity.kind, entity.name, JSON.stringify(entity.metadata), id)
  }

  entities(): readonly (Entity | MalformedEntry)[] {
    const sql = 'SELECT kind, name, metadata FROM jobboard_entities ORDER BY kind, name'
    return (this.#transactions.sql(sql).all() as readonly EntityRow[]).map(decodeEntity)
  }
}
