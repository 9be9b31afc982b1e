/** The file of the board in its folder. SQLite keeps two more beside it: `-wal` and `-shm`. */
export const fileName = 'board.db'

/** Raised when the tables change. A file of a later version is refused, never guessed at. */
export const schemaVersion = 1

/** How many changes the log keeps. Who falls further behind is told of a gap. */
export const changesKept = 10_000

/**
 * A job's `seat` is the primary key of its row: the rank of its priority times this, plus its order. So the table itself
 * is in LIST-1 order, a page of the board is one range of it, and the partial indexes below are in that order too.
 */
export const seatsPerRank: number = 2 ** 50

/** Ranks 0 to 4 are the board. The trash sits behind them, in the order in which it was filled. */
export const trashRank = 7

export const firstTrashSeat: number = trashRank * seatsPerRank

export function seatOf(rank: number, order: number): number {
  return rank * seatsPerRank + order
}

/** The order that a seat stands for; within its rank, for the trash too. */
export function orderOf(seat: number | bigint): bigint {
  return BigInt(seat) % BigInt(seatsPerRank)
}

/**
 * The comments inside are for operators: `.schema` of the `sqlite3` shell shows them.
 *
 * Details have a table of their own: a claim rewrites the job's row, and must not copy half a megabyte each time. They
 * are found by `entry`, which stays when the seat changes, so the trash and a restore never touch them (POST-2).
 *
 * An index for each question that is asked all the time; each has only the rows that can answer it, so that a claim
 * costs the same whatever else is on the board.
 */
export const schema = `
CREATE TABLE jobboard ( -- one row
  one INTEGER PRIMARY KEY CHECK (one = 1),
  version INTEGER NOT NULL,
  scope TEXT NOT NULL,
  last_order INTEGER NOT NULL,
  last_token INTEGER NOT NULL
) STRICT;

CREATE TABLE jobboard_jobs (
  seat INTEGER PRIMARY KEY, -- place in the order of claims; the trash comes last
  entry INTEGER NOT NULL, -- of its details; never changes
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  priority TEXT NOT NULL,
  book TEXT,
  hash TEXT NOT NULL,
  created_on INTEGER NOT NULL,
  state TEXT NOT NULL, -- ready, delayed, claimed, trashed, malformed
  available_at INTEGER,
  attempts INTEGER NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0,
  losses INTEGER NOT NULL DEFAULT 0,
  lost_by TEXT, -- who lost it last
  previous TEXT, -- whose unfinished work the current or the next claim continues
  claim_id TEXT,
  session TEXT,
  owner TEXT,
  token INTEGER,
  forced_token INTEGER, -- of the last claim that an operator ended
  trashed_with TEXT
) STRICT;
CREATE INDEX jobboard_ready ON jobboard_jobs (state) WHERE state = 'ready';
CREATE INDEX jobboard_ready_by_name ON jobboard_jobs (name) WHERE state = 'ready';
CREATE INDEX jobboard_delayed ON jobboard_jobs (available_at) WHERE state = 'delayed';
CREATE INDEX jobboard_claimed ON jobboard_jobs (session, claim_id, name) WHERE state = 'claimed';

CREATE TABLE jobboard_details (
  entry INTEGER PRIMARY KEY,
  details TEXT NOT NULL
) STRICT;

CREATE TABLE jobboard_sessions (
  id TEXT PRIMARY KEY,
  ttl_ms INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  cause TEXT, -- of a session that is over and has claims left to give back: lost, closed
  ended_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX jobboard_sessions_expiry ON jobboard_sessions (expires_at);

CREATE TABLE jobboard_entities (
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  metadata TEXT NOT NULL,
  session TEXT NOT NULL,
  PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE jobboard_receipts (
  claim_id TEXT PRIMARY KEY,
  job_id TEXT NOT NULL,
  token INTEGER NOT NULL,
  ending TEXT NOT NULL, -- consume, abandon, trash, expired, forced, closed
  hash TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX jobboard_receipts_job ON jobboard_receipts (job_id);
CREATE INDEX jobboard_receipts_expiry ON jobboard_receipts (expires_at);

CREATE TABLE jobboard_changes (
  seq INTEGER PRIMARY KEY,
  job_id TEXT NOT NULL,
  name TEXT NOT NULL,
  change TEXT NOT NULL,
  why TEXT,
  owner TEXT,
  session TEXT
) STRICT;

CREATE VIEW jobboard_view AS
SELECT id, name, priority, state, owner, token, attempts, failures, losses,
  strftime('%Y-%m-%dT%H:%M:%SZ', created_on / 1000, 'unixepoch') AS created_on,
  strftime('%Y-%m-%dT%H:%M:%SZ', available_at / 1000, 'unixepoch') AS available_at,
  lost_by, previous, trashed_with, book, details
FROM jobboard_jobs LEFT JOIN jobboard_details USING (entry) ORDER BY seat;
`
