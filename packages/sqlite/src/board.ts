import { statSync } from 'node:fs'
import {
  type BackendFacts,
  type DriverEnvironment,
  DriverError,
  type DriverSink,
  type MalformedEntry,
  type Timer,
} from '@jobboard/core/driver'
import { Changes } from './changes.js'
import { isDue, nextDueInMs, passTime } from './due.js'
import { type Database, type OpenDatabase, openDatabase } from './engine.js'
import { Jobs } from './jobs.js'
import { schema, schemaVersion } from './layout.js'
import { Listing } from './listing.js'
import type { SqliteOptions } from './options.js'
import { Receipts } from './receipts.js'
import { Sessions } from './sessions.js'
import { driverError } from './sqlite-errors.js'
import { Transactions } from './transaction.js'

/** How often at most the passing of time is looked at by those who only wait. */
const sweepMs = 100

/** Body of a transaction; `now` is the one reading of the clock that everything in it is judged by. */
export type Body<T> = (now: number) => T

/** An open board: its tables, and the two kinds of transaction that use them. */
export class Board {
  readonly facts: BackendFacts
  readonly jobs: Jobs
  readonly sessions: Sessions
  readonly receipts: Receipts
  readonly changes: Changes
  readonly listing: Listing
  readonly #open: OpenDatabase
  readonly #transactions: Transactions
  readonly #sink: DriverSink
  readonly #environment: DriverEnvironment
  readonly #place: Place
  #timer: Timer | undefined
  #sweepAt = 0
  #troubled = false

  private constructor(open: OpenDatabase, transactions: Transactions, host: BoardHost, scope: string) {
    this.facts = { scope, server: open.server }
    this.#open = open
    this.#transactions = transactions
    this.#sink = host.sink
    this.#environment = host.environment
    this.#place = new Place(open.path)
    this.receipts = new Receipts(transactions, host.environment.rememberMs)
    this.changes = new Changes(transactions, host.sink, host.sessions)
    this.jobs = new Jobs(transactions, this.changes, this.receipts)
    this.sessions = new Sessions(transactions, this.jobs)
    this.listing = new Listing(transactions)
  }

  static async open(options: SqliteOptions, host: BoardHost): Promise<Board> {
    const { clock, callTimeoutMs, newId } = host.environment
    const open = await openDatabase(options)
    const transactions = new Transactions(open.database, clock, callTimeoutMs)
    try {
      await useLog(transactions, options.synchronous ?? 'FULL')
      const adopted = options.database !== undefined
      const scope =
        (await transactions.read(() => scopeOf(open.database))) ??
        (await make(transactions, open.database, adopted, newId))
      const board = new Board(open, transactions, host, scope)
      board.changes.start()
      board.#watch(options.pollMs ?? 15)
      return board
    } catch (error) {
      transactions.close()
      open.close()
      throw error
    }
  }

  /** Looks at one moment. What time has changed by then is written first, in the rare case that something has. */
  async read<T>(body: Body<T>): Promise<T> {
    this.#place.check(this.#environment.clock.monotonic())
    const seen = await this.#transactions.read(() => {
      const now = this.#now()
      return isDue(this.#transactions, now) ? undefined : { answer: body(now) }
    })
    return seen === undefined ? this.write(body) : seen.answer
  }

  /** Does all of `body` or nothing, after what time has changed, and tells of the changes. */
  async write<T>(body: Body<T>): Promise<T> {
    for (;;) {
      this.#place.check(this.#environment.clock.monotonic())
      const done = await this.#transactions.write(() => {
        const now = this.#now()
        return passTime(this, now) ? undefined : { answer: body(now) }
      })
      this.changes.tell()
      if (done !== undefined) return done.answer
    }
  }

  nextDueInMs(now: number): number | undefined {
    return nextDueInMs(this.#transactions, now)
  }

  scope(): string {
    return scopeOf(this.#open.database) ?? ''
  }

  /** Takes a row that is no job out of the way, and reports it. */
  setAside(seat: number, entry: MalformedEntry): void {
    this.jobs.setAside(seat)
    this.#sink.malformed(entry)
  }

  close(): void {
    this.#timer?.clear()
    this.#transactions.close()
    this.#open.close()
  }

  #watch(pollMs: number, delayMs: number = pollMs): void {
    const look = (): void => this.#watch(pollMs, this.#look() ? pollMs : 1000)
    this.#timer = this.#environment.clock.setTimeout(look, delayMs).unref()
  }

  /** Whether the look succeeded. Of trouble that lasts only the beginning is told. */
  #look(): boolean {
    try {
      this.changes.poll()
      this.#sweep()
      this.#troubled = false
    } catch (error) {
      this.#trouble(error)
    }
    return !this.#troubled
  }

  /** For those who only wait: where everybody does, nobody else would end a session that ran out. */
  #sweep(): void {
    const now = this.#environment.clock.monotonic()
    if (now < this.#sweepAt) return
    this.#sweepAt = now + sweepMs
    if (!isDue(this.#transactions, this.#now())) return
    this.#sweepAt = Number.POSITIVE_INFINITY
    this.write(() => {})
      .catch(error => this.#trouble(error))
      .finally(() => {
        this.#sweepAt = now + sweepMs
      })
  }

  #trouble(error: unknown): void {
    if (!this.#troubled) this.#sink.trouble(driverError(error, 'Cannot look for changes') as Error)
    this.#troubled = true
  }

  /** Whole milliseconds: the tables take no fractions. */
  #now(): number {
    return Math.trunc(this.#environment.clock.now())
  }
}

export interface BoardHost {
  readonly sink: DriverSink
  readonly environment: DriverEnvironment
  /** Ids of the sessions that the host has at this moment. */
  readonly sessions: ReadonlySet<string>
}

/** The write-ahead log: without it, readers and the writer would wait for each other. */
async function useLog(transactions: Transactions, synchronous: 'FULL' | 'NORMAL'): Promise<void> {
  await transactions.outside(() => transactions.sql('PRAGMA busy_timeout = 0').get())
  const { journal_mode } = (await transactions.outside(() =>
    transactions.sql('PRAGMA journal_mode = WAL').get(),
  )) as {
    readonly journal_mode: string
  }
  if (journal_mode !== 'wal')
    refuse(`SQLite keeps no write-ahead log here (journal mode ${journal_mode}); use a file on a local disk`)
  await transactions.outside(() => transactions.sql(`PRAGMA synchronous = ${synchronous}`).run())
}

/** Many processes may do this at once: the first one makes the tables and the scope, the others find them. */
function make(
  transactions: Transactions,
  database: Database,
  adopted: boolean,
  newId: () => string,
): Promise<string> {
  return transactions.write(() => {
    const found = scopeOf(database)
    if (found !== undefined) return found
    if (!adopted && tablesOf(database).length > 0)
      refuse('The file belongs to another program; choose another folder')
    const scope = newId()
    database.exec(schema)
    database.prepare('INSERT INTO jobboard VALUES (1, ?, ?, 0, 0)').run(schemaVersion, scope)
    return scope
  })
}

function scopeOf(database: Database): string | undefined {
  if (!tablesOf(database).includes('jobboard')) return undefined
  const { version, scope } = database.prepare('SELECT version, scope FROM jobboard').get() as {
    readonly version: number
    readonly scope: string
  }
  if (version !== schemaVersion)
    refuse(
      `The board was written by a later version (${version}, this one is ${schemaVersion}); update @jobboard/sqlite`,
    )
  return scope
}

function tablesOf(database: Database): readonly string[] {
  const rows = database.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).all()
  return (rows as readonly { readonly name: string }[]).map(({ name }) => name)
}

/**
 * The file's place on the disk. A folder that was deleted while it is in use lives on for those who have it open, and
 * takes jobs that nobody else will ever see.
 */
class Place {
  readonly #path: string | null
  readonly #inode: string | undefined
  #checkedAt = 0

  constructor(path: string | null) {
    this.#path = path
    this.#inode = this.#look()
  }

  check(now: number): void {
    if (now - this.#checkedAt < 1000) return
    if (this.#look() !== this.#inode)
      refuse(`${this.#path} was removed or replaced while it was open; close the board and open it again`)
    this.#checkedAt = now
  }

  #look(): string | undefined {
    const found =
      this.#path === null ? undefined : statSync(this.#path, { bigint: true, throwIfNoEntry: false })
    return found && `${found.dev}:${found.ino}`
  }
}

function refuse(message: string): never {
  throw new DriverError('incompatible', message)
}
