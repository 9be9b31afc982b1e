import type { ChangeReason, DriverSink, JobChange } from '@jobboard/core/driver'
import { changesKept } from './layout.js'
import type { Transactions } from './transaction.js'

/** So many changes are told at one look; the next look goes on. */
const mostTold = 1000

interface ChangeRow {
  readonly seq: number
  readonly job_id: string
  readonly name: string
  readonly change: JobChange['change']
  readonly why: ChangeReason | null
  readonly owner: string | null
  readonly session: string | null
}

/** Which job changed. */
export interface Subject {
  readonly id: string
  readonly name: string
}

/** Whose claim began or ended. */
export interface Holder {
  readonly owner: string | null
  readonly session: string | null
}

/**
 * The log of changes: every write adds to it in its own transaction, every board of every process reads on in it.
 *
 * Nothing pushes between processes, so the reader asks every few milliseconds whether another connection has committed
 * (`PRAGMA data_version`) or this one has changed rows (`total_changes()`): a database that was passed in may have other
 * boards on the same connection. `seq` has no holes, so what was pruned is noticed.
 */
export class Changes {
  readonly #transactions: Transactions
  readonly #sink: DriverSink
  /** Sessions that this board opened and did not end: a claim of theirs that others ended is a reason for doubt. */
  readonly #sessions: ReadonlySet<string>
  #seen = 0
  #version: unknown
  #total: unknown
  /** Whether the last look failed, or found more than it told. */
  #behind = false

  constructor(transactions: Transactions, sink: DriverSink, sessions: ReadonlySet<string>) {
    this.#transactions = transactions
    this.#sink = sink
    this.#sessions = sessions
  }

  /** Inside a transaction: notes a change of a job. */
  note(job: Subject, change: JobChange['change'], why: ChangeReason | null, holder: Holder): void {
    this.#sql(
      'INSERT INTO jobboard_changes (job_id, name, change, why, owner, session) VALUES (?, ?, ?, ?, ?, ?)',
    ).run(job.id, job.name, change, why, holder.owner, holder.session)
  }

  /** Inside a transaction: forgets the oldest changes. */
  prune(): void {
    this.#sql('DELETE FROM jobboard_changes WHERE seq <= (SELECT max(seq) FROM jobboard_changes) - ?').run(
      changesKept,
    )
  }

  /** What changes from now on is told. */
  start(): void {
    this.#version = this.#dataVersion()
    this.#total = this.#totalChanges()
    this.#seen = this.#lastSeq()
  }

  /** Looks whether anybody has changed anything, and tells of it. */
  poll(): void {
    const [version, total] = [this.#dataVersion(), this.#totalChanges()]
    const rival = version !== this.#version
    if (!rival && total === this.#total && !this.#behind) return
    if (rival) this.#transactions.rivalSeen()
    this.tell()
    this.#version = version
    this.#total = total
  }

  /** Tells of what is new, once for all of it. Outside of transactions only: listeners run in here. */
  tell(): void {
    const sql =
      'SELECT seq, job_id, name, change, why, owner, session FROM jobboard_changes WHERE seq > ? ORDER BY seq LIMIT ?'
    this.#behind = true
    const rows = this.#sql(sql).all(this.#seen, mostTold) as readonly ChangeRow[]
    this.#behind = rows.length === mostTold
    const [first, last] = [rows[0], rows.at(-1)]
    if (first === undefined || last === undefined) return
    const gap = first.seq !== this.#seen + 1
    this.#seen = last.seq
    if (rows.some(row => this.#concernsUs(row))) this.#sink.doubt()
    this.#sink.changed(rows.map(changeOf))
    if (gap) this.#sink.gap()
  }

  #concernsUs(row: ChangeRow): boolean {
    return (
      (row.why === 'lost' || row.why === 'forced') && row.session !== null && this.#sessions.has(row.session)
    )
  }

  #dataVersion(): unknown {
    return (this.#sql('PRAGMA data_version').get() as { data_version: unknown }).data_version
  }

  #totalChanges(): unknown {
    return (this.#sql('SELECT total_changes() AS total').get() as { total: unknown }).total
  }

  #lastSeq(): number {
    return (this.#sql('SELECT coalesce(max(seq), 0) AS seq FROM jobboard_changes').get() as { seq: number })
      .seq
  }

  #sql(text: string): ReturnType<Transactions['sql']> {
    return this.#transactions.sql(text)
  }
}

function changeOf(row: ChangeRow): JobChange {
  return {
    jobId: row.job_id,
    name: row.name,
    change: row.change,
    ...(row.why === null ? {} : { why: row.why }),
    ...(row.owner === null ? {} : { owner: row.owner }),
  }
}
