import {
  type AnnounceOrder,
  type BackendFacts,
  type ClaimAnswer,
  type ClaimTry,
  type ClaimWish,
  type Counts,
  type DriverEnvironment,
  DriverError,
  type DriverInfo,
  type DriverSink,
  type Ending,
  type EndingAnswer,
  type ForceAnswer,
  type ForceOrder,
  type JobboardDriver,
  type JobsAnswer,
  type ListQuery,
  type Order,
  type OrderAnswer,
  type PageAnswer,
  type PostAnswer,
  type Posting,
  priorityRank,
  type ReadAnswer,
  type ReadQuery,
  type RenewAnswer,
  type Renewal,
  type SessionGrant,
  type SessionRef,
  type SessionRequest,
  type SettleAnswer,
  type TrashQuery,
  type WishAnswer,
} from '@jobboard/core/driver'
import type { MemoryBackend } from './memory-backend.js'
import { isDelayed, type Row, recordOf } from './rows.js'

/** The reference driver: the laws in their plainest form. */
export class MemoryDriver implements JobboardDriver {
  readonly info: DriverInfo = { name: 'memory', capabilities: ['push'] }
  readonly #backendOf: (environment: DriverEnvironment) => MemoryBackend
  #open:
    | { readonly backend: MemoryBackend; readonly sink: DriverSink; readonly rememberMs: number }
    | undefined

  constructor(backendOf: (environment: DriverEnvironment) => MemoryBackend) {
    this.#backendOf = backendOf
  }

  async open(sink: DriverSink, environment: DriverEnvironment): Promise<BackendFacts> {
    const backend = this.#backendOf(environment)
    backend.join(sink)
    this.#open = { backend, sink, rememberMs: environment.rememberMs }
    return { scope: backend.scope, server: `memory on Node ${process.versions.node}` }
  }

  async close(): Promise<void> {
    this.#open?.backend.leave(this.#open.sink)
    this.#open = undefined
  }

  async post(postings: readonly Posting[]): Promise<readonly PostAnswer[]> {
    return postings.map(posting => this.#post(posting))
  }

  async read<Q extends ReadQuery>(query: Q): Promise<ReadAnswer<Q>> {
    this.#backend.sweep()
    return this.#read(query) as ReadAnswer<Q>
  }

  async startSession({ id, ttlMs }: SessionRequest): Promise<SessionGrant> {
    this.#backend.startSession(id, ttlMs, this.#rememberMs)
    return { session: { id }, ttlMs, scope: this.#backend.scope }
  }

  async renew({ session: ref, held }: Renewal): Promise<RenewAnswer> {
    const backend = this.#backend
    const session = backend.session(ref)
    if (session === undefined) return { kind: 'over' }
    session.expiresAt = backend.clock.now() + session.ttlMs
    const known = new Set(held)
    return {
      kind: 'alive',
      lost: held
        .filter(claimId => !session.claims.has(claimId))
        .map(claimId => ({ claimId, cause: this.#causeOf(claimId) })),
      unnamed: session.claims
        .entries()
        .filter(([claimId]) => !known.has(claimId))
        .map(([claimId, row]) => ({ claimId, jobId: row.posting.id, token: row.claim?.token ?? 0n })),
    }
  }

  async endSession(ref: SessionRef, cause: 'closed' | 'lost'): Promise<void> {
    const session = this.#backend.session(ref)
    if (session !== undefined) {
      this.#backend.endSession(session, cause === 'lost' ? 'expired' : 'closed', this.#backend.clock.now())
    }
  }

  async claim(session: SessionRef, tries: readonly ClaimTry[]): Promise<readonly ClaimAnswer[]> {
    return tries.map(request => this.#claim(session, request))
  }

  async claimNext(session: SessionRef, wishes: readonly ClaimWish[]): Promise<readonly WishAnswer[]> {
    return wishes.map(wish => this.#claimNext(session, wish))
  }

  async settle(
    session: SessionRef,
    endings: readonly Ending[],
    wishes?: readonly ClaimWish[],
  ): Promise<SettleAnswer> {
    const settled = endings.map(ending => this.#settle(ending))
    return wishes === undefined
      ? { endings: settled }
      : { endings: settled, wishes: await this.claimNext(session, wishes) }
  }

  async administer<O extends Order>(order: O): Promise<OrderAnswer<O>> {
    this.#backend.sweep()
    return this.#administer(order) as OrderAnswer<O>
  }

  get #backend(): MemoryBackend {
    if (this.#open === undefined)
      throw new DriverError('unavailable', 'the memory board is closed', { done: 'no' })
    return this.#open.backend
  }

  #post(posting: Posting): PostAnswer {
    const backend = this.#backend
    const now = backend.clock.now()
    const there = backend.jobs.get(posting.id)
    const receipt = there === undefined ? backend.removedReceipt(posting.id) : undefined
    if (there !== undefined) {
      return there.posting.hash === posting.hash
        ? { kind: 'same', job: recordOf(there, now) }
        : { kind: 'conflict' }
    }
    if (receipt !== undefined) {
      if (receipt.hash !== posting.hash) return { kind: 'conflict' }
      return { kind: receipt.how === 'consume' ? 'consumed' : 'purged' }
    }
    const row = backend.put(posting, now, posting.delayMs > 0 ? now + posting.delayMs : undefined)
    return { kind: 'posted', job: recordOf(row, now) }
  }

  #claim(ref: SessionRef, { jobId, claimId, owner }: ClaimTry): ClaimAnswer {
    const backend = this.#backend
    const session = backend.session(ref)
    if (session === undefined) return { kind: 'over' }
    const row = backend.jobs.get(jobId)
    if (row?.claim?.id === claimId) return backend.grant(row, row.claim)
    if (backend.receipt(claimId) !== undefined) return { kind: 'ended' }
    if (row === undefined || !row.onBoard) return { kind: 'missing' }
    if (row.claim !== undefined) return { kind: 'held', owner: row.claim.owner }
    if (isDelayed(row, backend.clock.now())) return { kind: 'delayed', availableAt: row.availableAt ?? 0 }
    return backend.claim(session, row, claimId, owner)
  }

  #claimNext(ref: SessionRef, { claimId, owner, names }: ClaimWish): WishAnswer {
    const backend = this.#backend
    const session = backend.session(ref)
    if (session === undefined) return { kind: 'over' }
    const had = session.claims.get(claimId)
    if (had?.claim !== undefined) return backend.grant(had, had.claim)
    if (backend.receipt(claimId) !== undefined) return { kind: 'ended' }
    const row = backend.takeFirst(names)
    if (row !== undefined) return backend.claim(session, row, claimId, owner)
    const nextChangeInMs = backend.nextChangeInMs()
    return nextChangeInMs === undefined ? { kind: 'none' } : { kind: 'none', nextChangeInMs }
  }

  #settle(ending: Ending): EndingAnswer {
    const backend = this.#backend
    backend.sweep()
    const row = backend.jobs.get(ending.jobId)
    if (row?.claim?.id === ending.claimId && row.claim.token === ending.token) {
      backend.settle(row, ending, this.#rememberMs)
      return { kind: 'settled', how: ending.how }
    }
    const receipt = backend.receipt(ending.claimId)
    const how = receipt?.how
    if (how === 'consume' || how === 'abandon' || how === 'trash') return { kind: 'settled', how }
    return { kind: 'lost', cause: backend.causeOf(row, receipt) }
  }

  #causeOf(claimId: string): ReturnType<MemoryBackend['causeOf']> {
    const receipt = this.#backend.receipt(claimId)
    return this.#backend.causeOf(receipt && this.#backend.jobs.get(receipt.jobId), receipt)
  }

  #read(query: ReadQuery): JobsAnswer | PageAnswer | Counts | ReadAnswer<{ kind: 'entities' }> {
    switch (query.kind) {
      case 'jobs':
        return { scope: this.#backend.scope, found: query.ids.map(id => this.#find(id)) }
      case 'list':
        return this.#list(query)
      case 'trash':
        return this.#listTrash(query)
      case 'entities':
        return [...this.#backend.sessions.values()].flatMap(({ entities }) => [...entities.values()])
      case 'counts':
        return this.#counts()
    }
  }

  #find(id: string): JobsAnswer['found'][number] {
    const row = this.#backend.jobs.get(id)
    if (row !== undefined) return recordOf(row, this.#backend.clock.now())
    if (this.#backend.malformed.has(id)) return 'malformed'
    const how = this.#backend.removedReceipt(id)?.how
    return how === 'consume' ? 'consumed' : how === 'trash' ? 'purged' : 'absent'
  }

  #list({ states, names, limit, after }: ListQuery): PageAnswer {
    const backend = this.#backend
    const now = backend.clock.now()
    // The newest order of the first page: what is posted or restored later is left out, so nothing is shown twice.
    const place =
      after === undefined ? { rank: 0, order: 0n, newest: backend.newestOrder } : parsePlace(after)
    const wanted = (row: Row): boolean =>
      row.order <= place.newest &&
      (names === undefined || names.includes(row.posting.name)) &&
      (states === 'all' || (states === 'claimed') === (row.claim !== undefined)) &&
      (states !== 'unclaimed' || !isDelayed(row, now))
    const page: Row[] = []
    for (const row of backend.ordered.after(place.rank, place.order)) {
      if (wanted(row)) page.push(row)
      if (page.length === limit) break
    }
    const last = page.length === limit ? page.at(-1) : undefined
    const malformed =
      after === undefined ? [...backend.malformed].map(([where, problem]) => ({ where, problem })) : []
    const nextChangeInMs = last === undefined && states === 'unclaimed' ? backend.nextChangeInMs() : undefined
    return {
      jobs: page.map(row => recordOf(row, now)),
      malformed,
      ...(last && { next: `${priorityRank(last.posting.priority)}:${last.order}:${place.newest}` }),
      ...(nextChangeInMs === undefined ? {} : { nextChangeInMs }),
    }
  }

  #listTrash({ limit, after }: TrashQuery): PageAnswer {
    const backend = this.#backend
    const now = backend.clock.now()
    // As in a listing: what is restored and trashed again meanwhile is not shown twice.
    const [place = '', newest = backend.newestOrder] = after?.split('/') ?? []
    const rows = backend.jobs
      .values()
      .filter(row => row.trash !== undefined && row.order <= BigInt(newest) && trashPlace(row) > place)
      .sort((a, b) => (trashPlace(a) < trashPlace(b) ? -1 : 1))
    const page = rows.slice(0, limit)
    const last = rows.length > limit ? page.at(-1) : undefined
    return {
      jobs: page.map(row => recordOf(row, now)),
      malformed: [],
      ...(last && { next: `${trashPlace(last)}/${newest}` }),
    }
  }

  #counts(): Counts {
    const now = this.#backend.clock.now()
    const counts = { unclaimed: 0, delayed: 0, claimed: 0, trashed: 0 }
    for (const row of this.#backend.jobs.values()) {
      if (row.trash !== undefined) counts.trashed += 1
      else if (row.claim !== undefined) counts.claimed += 1
      else if (isDelayed(row, now)) counts.delayed += 1
      else counts.unclaimed += 1
    }
    return counts
  }

  #administer(order: Order): OrderAnswer<Order> {
    const backend = this.#backend
    if (order.kind === 'force') return this.#force(order)
    if (order.kind === 'announce') return this.#announce(order)
    const row = backend.jobs.get(order.jobId)
    if (row?.trash === undefined || row.order !== order.order)
      return { kind: 'missing', onBoard: row?.onBoard === true }
    if (order.kind === 'restore')
      return { kind: 'restored', job: recordOf(backend.restore(row), backend.clock.now()) }
    backend.purge(row, this.#rememberMs)
    return { kind: 'purged' }
  }

  #force({ jobId, token, reason }: ForceOrder): ForceAnswer {
    const backend = this.#backend
    const row = backend.jobs.get(jobId)
    if (row === undefined || !row.onBoard) return { kind: 'missing' }
    if (row.claim?.token === token) {
      backend.lose(row, { cause: 'forced', at: backend.clock.now(), reason }, this.#rememberMs)
      return { kind: 'released' }
    }
    if (row.forcedToken === token) return { kind: 'released' }
    return row.claim === undefined ? { kind: 'changed' } : { kind: 'changed', token: row.claim.token }
  }

  #announce({ session: ref, entity }: AnnounceOrder): OrderAnswer<AnnounceOrder> {
    const session = this.#backend.session(ref)
    if (session === undefined) return { kind: 'over' }
    this.#backend.announce(session, entity)
    return { kind: 'announced' }
  }

  get #rememberMs(): number {
    return this.#open?.rememberMs ?? 0
  }
}

function parsePlace(text: string): {
  readonly rank: number
  readonly order: bigint
  readonly newest: bigint
} {
  const [rank = '0', order = '0', newest = '0'] = text.split(':')
  return { rank: Number(rank), order: BigInt(order), newest: BigInt(newest) }
}

/** By time, then by order: sortable as text. */
function trashPlace(row: Row): string {
  return `${String(row.trash?.at ?? 0).padStart(16, '0')}:${String(row.order).padStart(20, '0')}`
}
