import type { Entity, SessionRequest } from '@jobboard/core/driver'
import type { Jobs } from './jobs.js'
import type { Transactions } from './transaction.js'

interface SessionRow {
  readonly id: string
  readonly expires_at: number
}

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
    const sql = 'INSERT OR IGNORE INTO jobboard_sessions (id, ttl_ms, expires_at) VALUES (?, ?, ?)'
    this.#transactions.sql(sql).run(request.id, request.ttlMs, now + request.ttlMs)
    const row = this.#transactions.sql('SELECT ttl_ms FROM jobboard_sessions WHERE id = ?').get(request.id)
    return (row as { readonly ttl_ms: number }).ttl_ms
  }

  /** Only after `passTime`, which removes what has expired. */
  alive(id: string): boolean {
    return this.#transactions.sql('SELECT 1 FROM jobboard_sessions WHERE id = ?').get(id) !== undefined
  }

  /** Prolongs the session, unless it is over. */
  renew(id: string, now: number): boolean {
    const sql = 'UPDATE jobboard_sessions SET expires_at = ? + ttl_ms WHERE id = ? RETURNING 1'
    return this.#transactions.sql(sql).get(now, id) !== undefined
  }

  firstExpired(now: number): SessionRow | undefined {
    const sql = `SELECT id, expires_at FROM jobboard_sessions INDEXED BY jobboard_sessions_expiry
      WHERE expires_at <= ? ORDER BY expires_at LIMIT 1`
    return this.#transactions.sql(sql).get(now) as SessionRow | undefined
  }

  /** Gives back at most so many claims of a session, and ends it when none is left; answers how many it gave back. */
  end(id: string, cause: 'lost' | 'closed', at: number, now: number, limit = -1): number {
    const claims = this.#jobs.claims(id, limit)
    for (const claim of claims) this.#jobs.release(claim, { why: cause, at }, now)
    if (claims.length !== limit) {
      this.#transactions.sql('DELETE FROM jobboard_entities WHERE session = ?').run(id)
      this.#transactions.sql('DELETE FROM jobboard_sessions WHERE id = ?').run(id)
    }
    return claims.length
  }

  announce(id: string, entity: Entity): void {
    const sql = 'INSERT OR REPLACE INTO jobboard_entities (kind, name, metadata, session) VALUES (?, ?, ?, ?)'
    this.#transactions.sql(sql).run(entity.kind, entity.name, JSON.stringify(entity.metadata), id)
  }

  entities(): readonly Entity[] {
    const rows = this.#transactions
      .sql('SELECT kind, name, metadata FROM jobboard_entities ORDER BY kind, name')
      .all()
    return (rows as readonly (Entity & { readonly metadata: string })[]).map(({ kind, name, metadata }) => ({
      kind,
      name,
      metadata: JSON.parse(metadata),
    }))
  }
}
