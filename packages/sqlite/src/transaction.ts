import { type Clock, DriverError } from '@jobboard/core/driver'
import { type Database, prepared, type Statement } from './engine.js'
import { commitError, driverError, isBusy, lockedError } from './sqlite-errors.js'

/**
 * Transactions on one connection, without ever waiting for a lock inside SQLite: that would block the event loop, and
 * with it the renewals of this process. A lock that somebody else has is asked for again a little later.
 *
 * SQLite's write lock is unfair: it goes to whoever asks at the right moment. So writes of this process go one after the
 * other, each leaves a gap to the next one, and waiting times are random.
 */
export class Transactions {
  readonly #database: Database
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #statements = new Map<string, Statement>()
  #queue: Promise<unknown> = Promise.resolve()
  /** Until when somebody else is assumed to want the write lock too. */
  #rivalsUntil = Number.NEGATIVE_INFINITY
  #closed = false

  constructor(database: Database, clock: Clock, callTimeoutMs: number) {
    this.#database = database
    this.#clock = clock
    this.#timeoutMs = callTimeoutMs
  }

  /** A prepared statement, kept. */
  sql(text: string): Statement {
    return this.#statements.get(text) ?? this.#keep(text, false)
  }

  /** The same, for whole numbers that anybody may have written: they are read as bigints, since none is too large then. */
  exact(text: string): Statement {
    return this.#statements.get(text) ?? this.#keep(text, true)
  }

  /** Until when one call may wait: early enough that the caller hears "nothing was done" before core stops listening. */
  deadline(part = 0.9): number {
    return this.#clock.monotonic() + this.#timeoutMs * part
  }

  /** Looks at one consistent state of the board. */
  read<T>(body: () => T, deadline: number = this.deadline()): Promise<T> {
    return this.#run('BEGIN', body, deadline)
  }

  /** Does all of `body` or nothing of it. It holds the write lock from the start, so that nothing it reads can change. */
  write<T>(body: () => T, deadline: number = this.deadline()): Promise<T> {
    const answer = this.#queue.then(() => this.#run('BEGIN IMMEDIATE', body, deadline))
    const gap = (): Promise<void> => this.#gap()
    this.#queue = answer.then(gap, gap)
    return answer
  }

  /** A write for somebody who cannot wait for the writes before it. */
  writeAhead<T>(body: () => T, deadline: number): Promise<T> {
    return this.#run('BEGIN IMMEDIATE', body, deadline)
  }

  /** Statements that SQLite does not allow inside a transaction. */
  outside<T>(body: () => T): Promise<T> {
    return this.#untilFree(body, this.deadline())
  }

  /** Another process has committed: from now on this one leaves larger gaps, for a while. */
  rivalSeen(): void {
    this.#rivalsUntil = this.#clock.monotonic() + 50
  }

  close(): void {
    this.#closed = true
    this.#statements.clear()
  }

  #keep(text: string, exact: boolean): Statement {
    const statement = prepared(this.#database, text)
    statement.setReadBigInts(exact)
    this.#statements.set(text, statement)
    return statement
  }

  #run<T>(begin: 'BEGIN' | 'BEGIN IMMEDIATE', body: () => T, deadline: number): Promise<T> {
    return this.#untilFree(() => this.#once(begin, body), deadline)
  }

  async #untilFree<T>(attempt: () => T, deadline: number): Promise<T> {
    for (;;) {
      if (this.#closed) throw new DriverError('unavailable', 'The board was closed', { done: 'no' })
      try {
        return attempt()
      } catch (error) {
        if (!isBusy(error) || this.#clock.monotonic() >= deadline)
          throw driverError(error, 'The board did not answer')
      }
      this.rivalSeen()
      await this.#pause(0.5 + Math.random() * 2.5)
    }
  }

  #once<T>(begin: 'BEGIN' | 'BEGIN IMMEDIATE', body: () => T): T {
    // Of whoever passed the database in; it is theirs to end.
    if (this.#database.isTransaction) throw lockedError()
    this.sql(begin).run()
    try {
      const answer = body()
      this.#commit()
      return answer
    } finally {
      if (this.#database.isTransaction) this.sql('ROLLBACK').run()
    }
  }

  #commit(): void {
    try {
      this.sql('COMMIT').run()
    } catch (error) {
      throw isBusy(error) ? error : commitError(error)
    }
  }

  async #gap(): Promise<void> {
    await turn()
    if (this.#clock.monotonic() < this.#rivalsUntil) await this.#pause(Math.random() * 2)
  }

  #pause(ms: number): Promise<void> {
    return new Promise(resolve => void this.#clock.setTimeout(resolve, ms))
  }
}

/** Lets the event loop do what is due, renewals among it, before work of several transactions goes on. */
export function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
