import type {
  BackendFacts,
  Clock,
  DriverEnvironment,
  DriverSink,
  MalformedEntry,
} from '@jobboard/core/driver'
import { Changes } from './changes.js'
import { isDue, nextDueInMs, passTime } from './due.js'
import { type OpenDatabase, openDatabase } from './engine.js'
import { Jobs } from './jobs.js'
import { Listing } from './listing.js'
import type { SqliteOptions } from './options.js'
import { Place } from './place.js'
import { Receipts } from './receipts.js'
import { Sessions } from './sessions.js'
import { scopeOf, setUp } from './setup.js'
import { Transactions } from './transaction.js'
import { Watch } from './watch.js'

/** Where a board tells what happens, and what it is given to work with. */
export interface BoardHost {
  readonly sink: DriverSink
  readonly environment: DriverEnvironment
  /** Ids of the sessions that the host has at this moment. */
  readonly sessions: ReadonlySet<string>
}

/** Body of a transaction; `now` is the one reading of the clock that everything in it is judged by. */
export type Body<T> = (now: number) => T

/** How often those who only wait look whether a session has run out: nobody else would notice. */
const sweepMs = 100

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
  readonly #clock: Clock
  readonly #place: Place
  readonly #watch: Watch
  #sweepAt = 0

  private constructor(open: OpenDatabase, transactions: Transactions, host: BoardHost, scope: string) {
    const { sink, environment } = host
    this.facts = { scope, server: open.server }
    this.#open = open
    this.#transactions = transactions
    this.#sink = sink
    this.#clock = environment.clock
    this.#place = new Place(open.path)
    this.receipts = new Receipts(transactions, environment.rememberMs)
    this.changes = new Changes(transactions, sink, host.sessions)
    this.jobs = new Jobs(transactions, this.changes, this.receipts)
    this.sessions = new Sessions(transactions, this.jobs)
    this.listing = new Listing(transactions)
    this.#watch = new Watch(() => this.#look(), sink, environment.clock)
  }

  static async open(options: SqliteOptions, host: BoardHost): Promise<Board> {
    const { clock, callTimeoutMs, newId } = host.environment
    const open = await openDatabase(options)
    const transactions = new Transactions(open.database, clock, callTimeoutMs)
    const setup = {
      synchronous: options.synchronous ?? 'FULL',
      adopted: options.database !== undefined,
      newId,
    }
    try {
      const board = new Board(open, transactions, host, await setUp(open.database, transactions, setup))
      board.changes.start()
      board.#watch.start(options.pollMs ?? 25)
      return board
    } catch (error) {
      transactions.close()
      open.close()
      throw error
    }
  }

  /** Looks at one moment. What time has changed by then is written first, in the rare case that something has. */
  async read<T>(body: Body<T>): Promise<T> {
    this.#place.check(this.#clock.monotonic())
    const seen = await this.#transactions.read(() => {
      const now = this.#now()
      return isDue(this.#transactions, now) ? undefined : { answer: body(now) }
    })
    return seen === undefined ? this.write(body) : seen.answer
  }

  /** Does all of `body` or nothing, after what time has changed, and tells of the changes. */
  async write<T>(body: Body<T>): Promise<T> {
    for (;;) {
      this.#place.check(this.#clock.monotonic())
      const done = await this.#transactions.write(() => {
        const now = this.#now()
        return passTime(this, now) ? undefined : { answer: body(now) }
      })
      this.#watch.guard(() => this.changes.tell())
      if (done !== undefined) return done.answer
    }
  }

  /** When something becomes claimable by time alone next: milliseconds from now. */
  nextDueInMs(now: number): number | undefined {
    return nextDueInMs(this.#transactions, now)
  }

  /** As it is stored at this moment. */
  scope(): string {
    return scopeOf(this.#open.database) ?? ''
  }

  /** Takes a row that is no job out of the way of claims, and reports it. */
  setAside(seat: number, entry: MalformedEntry): void {
    this.jobs.setAside(seat)
    this.#sink.malformed(entry)
  }

  close(): void {
    this.#watch.stop()
    this.#transactions.close()
    this.#open.close()
  }

  #look(): void {
    this.changes.poll()
    const now = this.#clock.monotonic()
    if (now < this.#sweepAt) return
    this.#sweepAt = now + sweepMs
    if (!isDue(this.#transactions, this.#now())) return
    // One at a time: it may have to wait for the lock.
    this.#sweepAt = Number.POSITIVE_INFINITY
    this.write(() => {})
      .catch(error => this.#watch.trouble(error))
      .finally(() => {
        this.#sweepAt = now + sweepMs
      })
  }

  /** Whole milliseconds: the tables take no fractions. */
  #now(): number {
    return Math.trunc(this.#clock.now())
  }
}
