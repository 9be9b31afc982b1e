import {
  type BackendFacts,
  type Clock,
  type DriverEnvironment,
  DriverError,
  type DriverSink,
  type Entity,
  type MalformedEntry,
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
import { scopeNow, setUp } from './setup.js'
import { Transactions, turn } from './transaction.js'
import { troubledMs, Watch } from './watch.js'

/** Where a board tells what happens, and what it is given to work with. */
export interface BoardHost {
  readonly sink: DriverSink
  readonly environment: DriverEnvironment
  /** Ids of the sessions that the host has at this moment. */
  readonly sessions: ReadonlySet<string>
}

/** Body of a transaction; `now` is the one reading of the clock that everything in it is judged by. */
export type Body<T> = (now: number) => T

/** A body that was run and committed; no answer when time had to pass first. */
interface Attempt<T> {
  readonly answer?: { readonly value: T }
  readonly malformed: readonly MalformedEntry[]
}

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
  /** Met in the transaction that runs. */
  #malformed: MalformedEntry[] = []

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
    this.listing = new Listing(transactions, this.jobs)
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

  /**
   * Looks at one moment. What time has changed by then is written first, in the rare case that something has. When that
   * cannot be written now, the answer is what stands there: reads go on while nobody can write.
   */
  async read<T>(body: Body<T>): Promise<T> {
    this.#place.check(this.#clock.monotonic())
    const look = (early: (now: number) => boolean): Promise<Attempt<T>> =>
      this.#transactions.read(() => this.#attempt(body, early))
    let done = await look(now => isDue(this.#transactions, now))
    if (done.answer === undefined) {
      await this.#catchUp()
      done = await look(() => false)
    }
    this.#tellMalformed(done)
    return (done.answer as { readonly value: T }).value
  }

  /** Does all of `body` or nothing, after what time has changed, and tells of the changes. */
  write<T>(body: Body<T>, deadline: number = this.#transactions.deadline()): Promise<T> {
    return this.#afterTime('write', body, deadline)
  }

  /** Writes that share one time limit. */
  writes(): <T>(body: Body<T>) => Promise<T> {
    const deadline = this.#transactions.deadline()
    return body => this.write(body, deadline)
  }

  /** When something becomes claimable by time alone next: milliseconds from now. */
  nextDueInMs(now: number): number | undefined {
    return nextDueInMs(this.#transactions, now)
  }

  /** As it is stored at this moment. */
  scope(): string {
    return scopeNow(this.#transactions)
  }

  /** Inside a transaction: what does not parse is told once that is over. Listeners must not run inside. */
  report(entry: MalformedEntry): void {
    this.#malformed.push(entry)
  }

  /** Inside a transaction: the announced entities. */
  entities(): readonly Entity[] {
    return this.sessions.entities().flatMap(entry => {
      if ('kind' in entry) return entry
      this.report(entry)
      return []
    })
  }

  close(): void {
    this.#watch.stop()
    this.#transactions.close()
    this.#open.close()
  }

  /** In as many transactions as it takes: a great many changes by time alone are written in pieces. */
  async #afterTime<T>(kind: 'write' | 'writeAhead', body: Body<T>, deadline: number): Promise<T> {
    for (;;) {
      const now = this.#clock.monotonic()
      if (now >= deadline)
        throw new DriverError('unavailable', 'The board had too much to write', { done: 'no' })
      this.#place.check(now)
      const done = await this.#transactions[kind](
        () => this.#attempt(body, at => passTime(this, at)),
        deadline,
      )
      this.#watch.guard(() => this.changes.tell())
      this.#tellMalformed(done)
      if (done.answer !== undefined) return done.answer.value
      await turn()
    }
  }

  #attempt<T>(body: Body<T>, early: (now: number) => boolean): Attempt<T> {
    const malformed: MalformedEntry[] = []
    this.#malformed = malformed
    // Refuses tables that another version has changed since.
    this.scope()
    const now = this.#now()
    return early(now) ? { malformed } : { malformed, answer: { value: body(now) } }
  }

  #tellMalformed({ malformed }: Attempt<unknown>): void {
    for (const entry of malformed) this.#sink.malformed(entry)
  }

  /** Not in line with other writes, which may have to wait for long, and with little patience. */
  async #catchUp(): Promise<void> {
    try {
      await this.#afterTime('writeAhead', () => {}, this.#transactions.deadline(0.1))
    } catch (error) {
      if (!(error instanceof DriverError)) throw error
    }
  }

  #look(): void {
    const now = this.#clock.monotonic()
    this.#place.check(now)
    this.changes.poll()
    if (now < this.#sweepAt) return
    this.#sweepAt = now + sweepMs
    if (isDue(this.#transactions, this.#now())) void this.#sweep()
  }

  /** One at a time: it may have to wait for the lock. */
  async #sweep(): Promise<void> {
    this.#sweepAt = Number.POSITIVE_INFINITY
    let pauseMs = sweepMs
    try {
      await this.write(() => {})
      this.#watch.fine('sweep')
    } catch (error) {
      this.#watch.trouble('sweep', error)
      pauseMs = troubledMs
    }
    this.#sweepAt = this.#clock.monotonic() + pauseMs
  }

  /** Whole milliseconds: the tables take no fractions. */
  #now(): number {
    return Math.trunc(this.#clock.now())
  }
}
