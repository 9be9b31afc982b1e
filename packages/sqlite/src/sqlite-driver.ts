import {
  type BackendFacts,
  type ClaimAnswer,
  type ClaimTry,
  type ClaimWish,
  type DriverEnvironment,
  DriverError,
  type DriverInfo,
  type DriverSink,
  type Ending,
  type JobboardDriver,
  type Order,
  type OrderAnswer,
  type PostAnswer,
  type Posting,
  type ReadAnswer,
  type ReadQuery,
  type RenewAnswer,
  type Renewal,
  type SessionGrant,
  type SessionRef,
  type SessionRequest,
  type SettleAnswer,
  type WishAnswer,
} from '@jobboard/core/driver'
import { Board } from './board.js'
import { Claiming } from './claiming.js'
import { claimOf } from './codec.js'
import type { SqliteOptions } from './options.js'
import { administer } from './orders.js'
import { lookAt, post } from './posting.js'

/**
 * A board in an SQLite file that the processes of one machine share.
 *
 * Every member is one transaction and one commit, whatever the size of its batch; the machine's clock judges.
 */
export class SqliteDriver implements JobboardDriver {
  readonly info: DriverInfo = {
    name: 'sqlite',
    capabilities: ['durable', 'multiProcess'],
    // One call at a time: those who come while it commits join the next one, and share its commit.
    batching: { maxEntries: 256, maxCalls: 1 },
  }

  readonly #options: SqliteOptions
  readonly #sessions = new Set<string>()
  #opened: Board | undefined
  #closed = false

  constructor(options: SqliteOptions) {
    this.#options = options
  }

  async open(sink: DriverSink, environment: DriverEnvironment): Promise<BackendFacts> {
    this.#opened = await Board.open(this.#options, { sink, environment, sessions: this.#sessions })
    if (this.#closed) await this.close()
    return this.#board.facts
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#opened?.close()
    this.#opened = undefined
  }

  post(postings: readonly Posting[]): Promise<readonly PostAnswer[]> {
    const board = this.#board
    return board.write(now => postings.map(posting => post(board, posting, now)))
  }

  read<Q extends ReadQuery>(query: Q): Promise<ReadAnswer<Q>> {
    const board = this.#board
    return board.read(now => answer(board, query, now)) as Promise<ReadAnswer<Q>>
  }

  async startSession(request: SessionRequest): Promise<SessionGrant> {
    const board = this.#board
    const granted = await board.write(now => ({
      ttlMs: board.sessions.start(request, now),
      scope: board.scope(),
    }))
    this.#sessions.add(request.id)
    return { session: { id: request.id }, ...granted }
  }

  renew({ session, held }: Renewal): Promise<RenewAnswer> {
    const board = this.#board
    return board.write((now): RenewAnswer => {
      if (!board.sessions.renew(session.id, now)) return { kind: 'over' }
      const claiming = new Claiming(board, session.id, now)
      const there = board.jobs.claims(session.id).map(claimOf)
      const ids = new Set(there.map(claim => claim.claimId))
      const named = new Set(held)
      return {
        kind: 'alive',
        lost: held.filter(id => !ids.has(id)).map(claimId => ({ claimId, cause: claiming.causeOf(claimId) })),
        unnamed: there.filter(claim => !named.has(claim.claimId)),
      }
    })
  }

  async endSession(session: SessionRef, cause: 'closed' | 'lost'): Promise<void> {
    const board = this.#board
    // First, so that what this does to its claims is no reason for doubt.
    this.#sessions.delete(session.id)
    await board.write(now => board.sessions.end(session.id, cause, now, now))
  }

  claim(session: SessionRef, tries: readonly ClaimTry[]): Promise<readonly ClaimAnswer[]> {
    const board = this.#board
    return board.write(now => {
      const claiming = new Claiming(board, session.id, now)
      return board.sessions.alive(session.id) ? tries.map(one => claiming.claim(one)) : tries.map(() => over)
    })
  }

  claimNext(session: SessionRef, wishes: readonly ClaimWish[]): Promise<readonly WishAnswer[]> {
    const board = this.#board
    return board.write(now => claimFirst(board, session, wishes, now))
  }

  settle(
    session: SessionRef,
    endings: readonly Ending[],
    wishes?: readonly ClaimWish[],
  ): Promise<SettleAnswer> {
    const board = this.#board
    return board.write(now => {
      const claiming = new Claiming(board, session.id, now)
      const answers = endings.map(ending => claiming.end(ending))
      return { endings: answers, ...(wishes && { wishes: claimFirst(board, session, wishes, now) }) }
    })
  }

  administer<O extends Order>(order: O): Promise<OrderAnswer<O>> {
    const board = this.#board
    return board.write(now => administer(board, order, now)) as Promise<OrderAnswer<O>>
  }

  get #board(): Board {
    if (this.#opened === undefined)
      throw new DriverError('unavailable', 'The board is not open', { done: 'no' })
    return this.#opened
  }
}

const over = { kind: 'over' } as const

function claimFirst(
  board: Board,
  session: SessionRef,
  wishes: readonly ClaimWish[],
  now: number,
): readonly WishAnswer[] {
  const claiming = new Claiming(board, session.id, now)
  return board.sessions.alive(session.id)
    ? wishes.map(wish => claiming.claimFirst(wish))
    : wishes.map(() => over)
}

function answer(board: Board, query: ReadQuery, now: number): ReadAnswer<ReadQuery> {
  switch (query.kind) {
    case 'jobs':
      return { scope: board.scope(), found: query.ids.map(id => lookAt(board, id, now)) }
    case 'list':
    case 'trash':
      return board.listing.page(query, now)
    case 'entities':
      return board.sessions.entities()
    case 'counts':
      return board.listing.counts()
  }
}
