import { join } from 'node:path'

/** A row as a claim returns it. */
export interface BareRow {
  readonly seq: number
  readonly id: string
  readonly details: string
  readonly token: number
}

interface Statement {
  get(...values: readonly (string | number)[]): unknown
  run(...values: readonly (string | number)[]): { readonly changes: number | bigint }
}

interface Database {
  exec(sql: string): void
  prepare(sql: string): Statement
  close(): void
}

type Engine = new (path: string) => Database

/**
 * The job table that most people would write: the yardstick for the SQLite board.
 *
 * The same engine and file system, write-ahead log, `synchronous = FULL`; one table, an index that answers the claim, prepared
 * statements; a claim is one UPDATE of the first unclaimed row, most urgent first, then oldest first; a consume is one DELETE
 * that checks owner and token. Each of them commits by itself, as statements do when nobody groups them.
 *
 * It leaves out: sessions, renewal and expiry, receipts, the log of changes that wakes other processes, tokens that grow
 * over all jobs, checks of rows that somebody else wrote, other processes altogether.
 */
export class SqliteBoard implements Disposable {
  readonly #database: Database
  readonly #post: Statement
  readonly #claim: Statement
  readonly #consume: Statement

  private constructor(database: Database) {
    this.#database = database
    database.exec(schema)
    this.#post = database.prepare('INSERT INTO jobs (id, name, rank, details) VALUES (?, ?, ?, ?)')
    this.#claim = database.prepare(`UPDATE jobs SET owner = ?, token = token + 1 WHERE seq =
      (SELECT seq FROM jobs WHERE owner IS NULL ORDER BY rank, seq LIMIT 1) RETURNING seq, id, details, token`)
    this.#consume = database.prepare('DELETE FROM jobs WHERE seq = ? AND owner = ? AND token = ?')
  }

  /** `server`: what our board says of its engine, so that both use the same. */
  static async open(folder: string, server: string): Promise<SqliteBoard> {
    const DatabaseSync = await engineOf(server)
    return new SqliteBoard(new DatabaseSync(join(folder, 'bare.db')))
  }

  /** Filling is not measured, so it is one transaction. */
  fill(count: number, name: string, details: string, rank: number): void {
    this.#database.exec('BEGIN')
    for (let i = 0; i < count; i++) this.#post.run(crypto.randomUUID(), name, rank, details)
    this.#database.exec('COMMIT')
  }

  async claimNext(owner: string): Promise<BareRow | undefined> {
    return this.#claim.get(owner) as BareRow | undefined
  }

  async consume({ seq, id, token }: BareRow, owner: string): Promise<void> {
    const { changes } = this.#consume.run(seq, owner, token)
    if (Number(changes) !== 1) throw new Error(`the claim on ${id} is lost`)
  }

  [Symbol.dispose](): void {
    this.#database.close()
  }
}

const schema = `
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE jobs (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  rank INTEGER NOT NULL,
  details TEXT NOT NULL,
  owner TEXT,
  token INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX unclaimed ON jobs (rank, seq) WHERE owner IS NULL;
`

async function engineOf(server: string): Promise<Engine> {
  const builtin = server.includes('(node:sqlite)')
  const found = builtin
    ? (process.getBuiltinModule('node:sqlite') as { readonly DatabaseSync: Engine })
    : ((await import('@photostructure/sqlite')) as { readonly DatabaseSync: unknown })
  return found.DatabaseSync as Engine
}
