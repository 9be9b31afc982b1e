import type { Counts, ListQuery, MalformedEntry, PageAnswer, TrashQuery } from '@jobboard/core/driver'
import { decodeJob, type ForeignRow, isJob } from './codec.js'
import { nextDueInMs } from './due.js'
import type { Value } from './engine.js'
import { foreignRow, withDetails } from './jobs.js'
import { firstTrashSeat, seatsPerRank } from './layout.js'
import type { Transactions } from './transaction.js'

/** So many rows are looked at for one page of a filtered listing; a rare name makes short pages, not long looks. */
const lookedAt = 4096

/**
 * Where a listing stands: the last seat shown, and the newest order when it began. What was posted or restored since
 * has a later order and is left out, also when it sits further down.
 */
interface Cursor {
  readonly seat: number
  readonly newest: number
}

interface Rows {
  readonly rows: readonly ForeignRow[]
  /** The seat up to which the board was looked at, if there may be more behind it. */
  readonly end?: number | undefined
}

/** Reads pages. Each method is a part of somebody's transaction. */
export class Listing {
  readonly #transactions: Transactions

  constructor(transactions: Transactions) {
    this.#transactions = transactions
  }

  page(query: ListQuery | TrashQuery, now: number): PageAnswer {
    const cursor = this.#cursor(query.after)
    const { rows, end } = this.#rows(query, cursor)
    const found = rows.map(decodeJob)
    const last = end === undefined && query.kind === 'list' && query.states === 'unclaimed'
    const nextChangeInMs = last ? nextDueInMs(this.#transactions, now) : undefined
    return {
      jobs: found.filter(isJob),
      malformed: found.filter((entry): entry is MalformedEntry => !isJob(entry)),
      ...(end === undefined ? {} : { next: `${end}.${cursor.newest}` }),
      ...(nextChangeInMs === undefined ? {} : { nextChangeInMs }),
    }
  }

  counts(): Counts {
    const sql = `SELECT (SELECT count(*) FROM jobboard_jobs WHERE state = 'ready') AS unclaimed,
      (SELECT count(*) FROM jobboard_jobs WHERE state = 'delayed') AS delayed,
      (SELECT count(*) FROM jobboard_jobs WHERE state = 'claimed') AS claimed,
      (SELECT count(*) FROM jobboard_jobs WHERE seat >= ?) AS trashed`
    return { ...(this.#transactions.sql(sql).get(firstTrashSeat) as Counts) }
  }

  #cursor(after: string | undefined): Cursor {
    if (after !== undefined) {
      const [seat, newest] = after.split('.').map(Number)
      return { seat: seat ?? 0, newest: newest ?? 0 }
    }
    const { newest } = this.#transactions.sql('SELECT last_order AS newest FROM jobboard').get() as {
      newest: number
    }
    return { seat: -1, newest }
  }

  #rows(query: ListQuery | TrashQuery, { seat, newest }: Cursor): Rows {
    const { limit } = query
    const select = (where: string, ...values: readonly Value[]): Rows => {
      const sql = `SELECT ${foreignRow} FROM jobboard_jobs ${where}
        AND seat > ? AND seat % ${seatsPerRank} <= ? ORDER BY seat LIMIT ?`
      return this.#select(sql, [...values, seat, newest, limit], limit)
    }
    if (query.kind === 'trash') return select(`${withDetails} WHERE seat >= ?`, firstTrashSeat)
    const names = query.names === undefined ? null : JSON.stringify(query.names)
    const named = '(? IS NULL OR name IN (SELECT value FROM json_each(?)))'
    if (query.states === 'claimed') {
      const index = `INDEXED BY jobboard_claimed ${withDetails}`
      return select(`${index} WHERE state = 'claimed' AND ${named}`, names, names)
    }
    if (query.states === 'all') {
      const end = this.#lookEnd(seat)
      const page = select(
        `${withDetails} WHERE seat <= ? AND ${named}`,
        end ?? firstTrashSeat - 1,
        names,
        names,
      )
      return { ...page, end: page.end ?? end }
    }
    if (query.names === undefined)
      return select(`INDEXED BY jobboard_ready ${withDetails} WHERE state = 'ready'`)
    // One look at the index for each name, each already in order.
    const index = `INDEXED BY jobboard_ready_by_name ${withDetails} WHERE state = 'ready'`
    const found = [...new Set(query.names)].flatMap(name => select(`${index} AND name = ?`, name).rows)
    return lastOf(found.sort((one, other) => Number(one.seat - other.seat)).slice(0, limit), limit)
  }

  /** The seat where a look of bounded length from here must end, if the board goes on behind it. */
  #lookEnd(seat: number): number | undefined {
    const sql = 'SELECT seat FROM jobboard_jobs WHERE seat > ? AND seat < ? ORDER BY seat LIMIT 1 OFFSET ?'
    const row = this.#transactions.sql(sql).get(seat, firstTrashSeat, lookedAt)
    return (row as { readonly seat: number } | undefined)?.seat
  }

  #select(sql: string, values: readonly Value[], limit: number): Rows {
    const statement = this.#transactions.sql(sql)
    statement.setReadBigInts(true)
    return lastOf(statement.all(...values) as readonly ForeignRow[], limit)
  }
}

function lastOf(rows: readonly ForeignRow[], limit: number): Rows {
  const last = rows.length < limit ? undefined : rows.at(-1)
  return { rows, end: last === undefined ? undefined : Number(last.seat) }
}
