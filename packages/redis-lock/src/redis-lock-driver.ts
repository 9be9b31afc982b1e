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
import { claim, claimNext, settle } from './claiming.js'
import type { RedisLockOptions } from './options.js'
import { administer } from './orders.js'
import { post } from './posting.js'
import { read } from './reading.js'

/**
 * A board in Redis.
 *
 * Every member is one script, which Redis runs as one atomic step whatever the size of its batch; the server's clock judges. Beside
 * jobs of other programs a call may need a second one, and a look at what they did.
 */
export class RedisLockDriver implements JobboardDriver {
  readonly info: DriverInfo = {
    name: 'redis-lock',
    capabilities: ['push', 'durable', 'multiProcess', 'multiHost'],
    // Nothing else runs on the server while a script does.
    batching: { maxEntries: 64, maxCalls: 4 },
  }

  readonly #options: RedisLockOptions
  readonly #sessions = new Set<string>()
  #opened: Board | undefined
  #closed = false

  constructor(options: RedisLockOptions) {
    this.#options = options
  }

  async open(sink: DriverSink, environment: DriverEnvironment): Promise<BackendFacts> {
    this.#opened = await Board.open(this.#options, { sink, environment, sessions: this.#sessions })
    const { facts } = this.#opened
    if (this.#closed) await this.close()
    return facts
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#opened?.close()
    this.#opened = undefined
  }

  async post(postings: readonly Posting[]): Promise<readonly PostAnswer[]> {
    return post(this.#board, postings)
  }

  async read<Q extends ReadQuery>(query: Q): Promise<ReadAnswer<Q>> {
    return (await read(this.#board, query)) as ReadAnswer<Q>
  }

  async startSession({ id, ttlMs }: SessionRequest): Promise<SessionGrant> {
    const { scripts, newId } = this.#board
    const [, ttl, scope] = await scripts.run('startSession', [], [id, ttlMs, newId()])
    this.#sessions.add(id)
    return { session: { id }, ttlMs: Number(ttl), scope: String(scope) }
  }

  async renew({ session, held }: Renewal): Promise<RenewAnswer> {
    const [word, lost, unnamed] = await this.#board.scripts.run('renew', [], [session.id, ...held])
    if (word === 'over') return { kind: 'over' }
    return {
      kind: 'alive',
      lost: lost.map(([claimId, cause]: readonly Buffer[]) => ({
        claimId: String(claimId),
        cause: String(cause),
      })),
      unnamed: unnamed.map(([jobId, claimId, token]: readonly Buffer[]) => ({
        jobId: String(jobId),
        claimId: String(claimId),
        token: BigInt(String(token)),
      })),
    }
  }

  async endSession(session: SessionRef, cause: 'closed' | 'lost'): Promise<void> {
    // First, so that what this does to its claims is no reason for doubt.
    this.#sessions.delete(session.id)
    const how = cause === 'lost' ? 'expired' : 'closed'
    await this.#board.scripts.run('endSession', [], [session.id, how])
  }

  async claim(session: SessionRef, tries: readonly ClaimTry[]): Promise<readonly ClaimAnswer[]> {
    return claim(this.#board, session, tries)
  }

  async claimNext(session: SessionRef, wishes: readonly ClaimWish[]): Promise<readonly WishAnswer[]> {
    return claimNext(this.#board, session, wishes)
  }

  async settle(
    session: SessionRef,
    endings: readonly Ending[],
    wishes?: readonly ClaimWish[],
  ): Promise<SettleAnswer> {
    return settle(this.#board, session, endings, wishes)
  }

  async administer<O extends Order>(order: O): Promise<OrderAnswer<O>> {
    return (await administer(this.#board, order)) as OrderAnswer<O>
  }

  get #board(): Board {
    if (this.#opened === undefined)
      throw new DriverError('unavailable', 'The board is not open', { done: 'no' })
    return this.#opened
  }
}
