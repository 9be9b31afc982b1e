import type { Counts, ListQuery, MalformedEntry, PageAnswer, TrashQuery } from '@jobboard/core/driver'
import { decodeJob, type ForeignRow, isJob } from './codec.js'
import { nextDueInMs } from './due.js'
import type { Value } from './engine.js'
import type { Jobs } from './jobs.js'
import { firstTrashSeat, seatsPerRank } from './layout.js'
import { pieceSize } from './pieces.js'
import type { Transactions } from './transaction.js'

/** So many rows are looked at for one page of a filtered listing; a rare name makes short pages, not long looks. */
const lookedAt = 4096

/**
 * Where a listing stands: the last seat shown, and the newest order when it began. What was posted or restored since
 * has a later order and is left out, also when it sits further down.
 */
interface Cursor {
  readonly seat: bigint
  readonly newest: bigint
}

interface Page<T> {
  readonly found: readonly T[]
  /** The seat up to which the board was looked at, if there may be more behind it. */
  readonly end?: bigint | undefined
}

/** Reads pages. Each method is a part of somebody's transaction. */
export class Listing {
  readonly #transactions: Transactions
  readonly #jobs: Jobs

  constructor(transactions: Transactions, jobs: Jobs) {
    this.#transactions = transactions
    this.#jobs = jobs
  }

  page(query: ListQuery | TrashQuery, now: number): PageAnswer {
    const cursor = this.#cursor(query.after)
    const { found: rows, end } = this.#rows(this.#seats(query, cursor))
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
      const [seat = 0n, newest = 0n] = after.split('.').map(BigInt)
      return { seat, newest }
    }
    const sql = 'SELECT -1 AS seat, last_order AS newest FROM jobboard'
    return this.#transactions.exact(sql).get() as Cursor
  }

  /** The rows in these seats, as many as a page may hold: a page of large details is shorter. */
  #rows({ found: seats, end }: Page<bigint>): Page<ForeignRow> {
    const rows: ForeignRow[] = []
    let size = 0
    for (const seat of seats) {
      if (size >= pieceSize) return { found: rows, end: rows.at(-1)?.seat }
      const row = this.#jobs.row(seat)
      size += row.details?.length ?? 0
      rows.push(row)
    }
    return { found: rows, end }
  }

  /** Seats alone come first: each of these looks is answered by an index, or by the order of the table. */
  #seats(query: ListQuery | TrashQuery, { seat, newest }: Cursor): Page<bigint> {
    const { limit } = query
    const select = (where: string, ...values: readonly Value[]): Page<bigint> => {
      const sql = `SELECT seat FROM jobboard_jobs ${where}
        AND seat > ? AND seat % ${seatsPerRank} <= ? ORDER BY seat LIMIT ?`
      const rows = this.#transactions.exact(sql).all(...values, seat, newest, limit)
      return upTo(
        limit,
        (rows as readonly { readonly seat: bigint }[]).map(row => row.seat),
      )
    }
    if (query.kind === 'trash') return select('WHERE seat >= ?', firstTrashSeat)
    const names = query.names === undefined ? null : JSON.stringify(query.names)
    const named = '(? IS NULL OR name IN (SELECT value FROM json_each(?)))'
    if (query.states === 'claimed')
      return select(`INDEXED BY jobboard_claimed WHERE state = 'claimed' AND ${named}`, names, names)
    if (query.states === 'all') {
      const end = this.#lookEnd(seat)
      const page = select(`WHERE seat <= ? AND ${named}`, end ?? firstTrashSeat - 1, names, names)
      return { ...page, end: page.end ?? end }
    }
    if (query.names === undefined) return select(`INDEXED BY jobboard_ready WHERE state = 'ready'`)
    // One look at the index for each name, each already in order.
    const index = `INDEXED BY jobboard_ready_by_name WHERE state = 'ready' AND name = ?`
    const found = [...new Set(query.names)].flatMap(name => select(index, name).found)
    return upTo(limit, found.sort((one, other) => Number(one - other)).slice(0, limit))
  }

  /** The seat where a look of bounded length from here must end, if the board goes on behind it. */
  #lookEnd(seat: bigint): bigint | undefined {
    const sql = 'SELECT seat FROM jobboard_jobs WHERE seat > ? AND seat < ? ORDER BY seat LIMIT 1 OFFSET ?'
    const row = this.#transactions.exact(sql).get(seat, firstTrashSeat, lookedAt)
    return (row as { readonly seat: bigint } | undefined)?.seat
  }
}

function upTo(limit: number, seats: readonly bigint[]): Page<bigint> {
  return { found: seats, end: seats.length < limit ? undefined : seats.at(-1) }
}
