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
  type EndingAnswer,
  type JobboardDriver,
  type JobsAnswer,
  type JobsQuery,
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
  type UnnamedClaim,
  type WishAnswer,
} from '@jobboard/core/driver'
import { Board } from './board.js'
import { Claiming } from './claiming.js'
import { claimOf as unnamedClaim } from './codec.js'
import { passTime } from './due.js'
import type { SqliteOptions } from './options.js'
import { administer } from './orders.js'
import { inPieces } from './pieces.js'
import { lookAt, post } from './posting.js'
import { turn } from './transaction.js'

/**
 * A board in an SQLite file that the processes of one machine share.
 *
 * What a call does, it does in one transaction with one commit, unless details are large or very many claims end:
 * then in several, each of which is short. The machine's clock judges.
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
    return inPieces(
      postings,
      board.writes(),
      now => posting => post(board, posting, now),
      (_, posting) => posting.details.length,
    )
  }

  read<Q extends ReadQuery>(query: Q): Promise<ReadAnswer<Q>> {
    return answer(this.#board, query) as Promise<ReadAnswer<Q>>
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
      const there = board.jobs.claimIds(session.id)
      const ids = new Set(there)
      const named = new Set(held)
      return {
        kind: 'alive',
        lost: held.filter(id => !ids.has(id)).map(claimId => ({ claimId, cause: claiming.causeOf(claimId) })),
        unnamed: there.filter(id => !named.has(id)).flatMap(id => claimOf(board, session, id)),
      }
    })
  }

  async endSession(session: SessionRef, cause: 'closed' | 'lost'): Promise<void> {
    const board = this.#board
    // First, so that what this does to its claims is no reason for doubt.
    this.#sessions.delete(session.id)
    const unfinished = await board.write(now => {
      board.sessions.end({ id: session.id, cause, at: now })
      return passTime(board, now)
    })
    // Every write begins with what is left of it.
    if (unfinished) await board.write(() => {})
  }

  claim(session: SessionRef, tries: readonly ClaimTry[]): Promise<readonly ClaimAnswer[]> {
    return this.#claiming(session, tries, (claiming, one) => claiming.claim(one))
  }

  claimNext(session: SessionRef, wishes: readonly ClaimWish[]): Promise<readonly WishAnswer[]> {
    return this.#claiming(session, wishes, (claiming, wish) => claiming.claimFirst(wish))
  }

  async settle(
    session: SessionRef,
    endings: readonly Ending[],
    wishes?: readonly ClaimWish[],
  ): Promise<SettleAnswer> {
    const entries = [...endings, ...(wishes ?? [])]
    const answers = await this.#claiming<Ending | ClaimWish, EndingAnswer | WishAnswer>(
      session,
      entries,
      (claiming, entry) => ('how' in entry ? claiming.end(entry) : claiming.claimFirst(entry)),
    )
    return {
      endings: answers.slice(0, endings.length) as readonly EndingAnswer[],
      ...(wishes && { wishes: answers.slice(endings.length) as readonly WishAnswer[] }),
    }
  }

  administer<O extends Order>(order: O): Promise<OrderAnswer<O>> {
    const board = this.#board
    return board.write(now => administer(board, order, now)) as Promise<OrderAnswer<O>>
  }

  #claiming<E, A extends ClaimAnswer | WishAnswer | EndingAnswer>(
    session: SessionRef,
    entries: readonly E[],
    step: (claiming: Claiming, entry: E) => A,
  ): Promise<readonly A[]> {
    const board = this.#board
    const begin = (now: number): ((entry: E) => A) => {
      const claiming = new Claiming(board, session.id, now)
      return entry => step(claiming, entry)
    }
    return inPieces(entries, board.writes(), begin, answer =>
      answer.kind === 'claimed' ? answer.job.details.length : 0,
    )
  }

  get #board(): Board {
    if (this.#opened === undefined)
      throw new DriverError('unavailable', 'The board is not open', { done: 'no' })
    return this.#opened
  }
}

function claimOf(board: Board, session: SessionRef, claimId: string): UnnamedClaim | readonly [] {
  const row = board.jobs.claim(session.id, claimId)
  return (row && unnamedClaim(row)) ?? []
}

async function answer(board: Board, query: ReadQuery): Promise<ReadAnswer<ReadQuery>> {
  switch (query.kind) {
    case 'jobs':
      return lookAtAll(board, query)
    case 'list':
    case 'trash': {
      const page = await board.read(now => board.listing.page(query, now))
      // Whoever reads on at once lets others have their turn.
      if (page.next !== undefined) await turn()
      return page
    }
    case 'entities':
      return board.read(() => board.entities())
    case 'counts':
      return board.read(() => board.listing.counts())
  }
}

/** With the scope of the last look: nothing is absent that an earlier scope had. */
async function lookAtAll(board: Board, { ids }: JobsQuery): Promise<JobsAnswer> {
  let scope = board.facts.scope
  const begin = (now: number): ((id: string) => JobsAnswer['found'][number]) => {
    scope = board.scope()
    return id => lookAt(board, id, now)
  }
  const found = await inPieces(
    ids,
    body => board.read(body),
    begin,
    job => (typeof job === 'string' ? 0 : job.details.length),
  )
  return { scope, found }
}
