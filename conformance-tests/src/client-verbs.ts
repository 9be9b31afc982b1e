import { type Claim, ClaimLostError, type Job, type Jobboard } from '@jobboard/core'
import type { Counts, Entity } from '@jobboard/core/driver'
import { eventRecorder } from './event-recorder.js'
import { historyNow } from './history.js'
import type { Fault, Faults } from './lossy-driver.js'
import type { AbandonView, Client, ClientClaim, EventView, JobView, PostView, TrashView } from './world.js'

/** A claim as plain values; its methods are verbs that take its id. */
export type ClaimData = Pick<
  ClientClaim,
  'id' | 'jobId' | 'owner' | 'token' | 'scope' | 'attempt' | 'previous' | 'job'
>

export type ClaimStatus = Awaited<ReturnType<ClientClaim['status']>>

/** What a client tells without being asked. */
export type ClientNote =
  | { readonly note: 'lost'; readonly claimId: string; readonly jobId: string; readonly at: number }
  | { readonly note: 'stalled'; readonly from: number; readonly until: number }

type Options<M extends 'list' | 'claimNext' | 'claims' | 'waitForJob' | 'waitForEnd' | 'forceRelease'> =
  NonNullable<Parameters<Client[M]>[M extends 'waitForEnd' | 'forceRelease' ? 1 : 0]>

/**
 * What a client can do, over one board. Arguments and answers are plain values, so that it makes no difference whether
 * the board is in this process or in another one.
 */
export class ClientVerbs {
  readonly #board: Jobboard
  readonly #faults: Faults
  readonly #tell: (note: ClientNote) => void
  readonly #events: readonly EventView[]
  readonly #claims = new Map<string, Claim>()
  readonly #jobs = new Map<string, Job>()
  readonly #runs: { readonly claims: AsyncIterator<Claim>; readonly abort: AbortController }[] = []

  /** The board need not be connected yet. */
  constructor(board: Jobboard, faults: Faults, tell: (note: ClientNote) => void) {
    this.#board = board
    this.#faults = faults
    this.#tell = tell
    this.#events = eventRecorder(board)
  }

  async post(name: string, options?: PostView): Promise<JobView> {
    return this.#seen(await this.#board.post(name, options))
  }

  async list(options: Options<'list'> = {}): Promise<readonly JobView[]> {
    const { names, ...rest } = options
    const jobs: JobView[] = []
    for await (const job of this.#board.iterJobs({ ...rest, ...copied(names) })) jobs.push(this.#seen(job))
    return jobs
  }

  async find(jobId: string): Promise<JobView | undefined> {
    const job = await this.#board.find(jobId)
    return job && this.#seen(job)
  }

  count(): Promise<Counts> {
    return this.#board.count()
  }

  findOwner(jobId: string): Promise<string | undefined> {
    return this.#board.findOwner(jobId)
  }

  async claim(jobId: string, owner?: string): Promise<ClaimData> {
    return this.#granted(await this.#board.claim(jobId, owner))
  }

  async claimNext(options: Options<'claimNext'> = {}): Promise<ClaimData | undefined> {
    const { names, ...rest } = options
    const claim = await this.#board.claimNext({ ...rest, ...copied(names) })
    return claim && this.#granted(claim)
  }

  async startClaims(options: Options<'claims'> = {}): Promise<number> {
    const { names, ...rest } = options
    const abort = new AbortController()
    const claims = this.#board.claims({ ...rest, ...copied(names), signal: abort.signal })
    return this.#runs.push({ claims, abort }) - 1
  }

  async nextOfClaims(run: number): Promise<ClaimData | undefined> {
    const next = await this.#runs[run]?.claims.next()
    return next === undefined || next.done === true ? undefined : this.#granted(next.value)
  }

  async stopClaims(run: number): Promise<void> {
    this.#runs[run]?.abort.abort()
    await this.#runs[run]?.claims.return?.()
  }

  async claimStatus(claimId: string): Promise<ClaimStatus> {
    const { state, signal, deadline } = this.#claim(claimId)
    const lost =
      signal.reason instanceof ClaimLostError
        ? { reason: signal.reason.reason, code: signal.reason.code }
        : {}
    return { state, aborted: signal.aborted, ...lost, deadline: deadline.toISOString() }
  }

  async assertHeld(claimId: string): Promise<void> {
    this.#claim(claimId).assertHeld()
  }

  consumeClaim(claimId: string): Promise<void> {
    return this.#claim(claimId).consume()
  }

  abandonClaim(claimId: string, options?: AbandonView): Promise<void> {
    return this.#claim(claimId).abandon(options)
  }

  trashClaim(claimId: string, options: TrashView): Promise<void> {
    return this.#claim(claimId).trash(options)
  }

  consume(jobId: string, owner?: string): Promise<void> {
    return this.#board.consume(jobId, owner)
  }

  abandon(jobId: string, owner?: string, options?: AbandonView): Promise<void> {
    return this.#board.abandon(jobId, owner, options)
  }

  trash(jobId: string, owner: string | undefined, options: TrashView): Promise<void> {
    return this.#board.trash(jobId, owner, options)
  }

  async waitForJob(options: Options<'waitForJob'> = {}): Promise<JobView | undefined> {
    const { names, ...rest } = options
    const job = await this.#board.waitForJob({ ...rest, ...copied(names) })
    return job && this.#seen(job)
  }

  async waitForEnd(jobId: string, options?: Options<'waitForEnd'>): ReturnType<Client['waitForEnd']> {
    const job = this.#jobs.get(jobId)
    if (job === undefined) throw new Error(`this client has never seen job ${jobId}`)
    return job.wait(options)
  }

  forceRelease(jobId: string, { token, reason }: Options<'forceRelease'>): Promise<void> {
    return this.#board.forceRelease(jobId, { token: token === 'any' ? token : BigInt(token), reason })
  }

  async trashed(): Promise<readonly JobView[]> {
    const jobs: JobView[] = []
    for await (const job of this.#board.trashed()) jobs.push(this.#seen(job))
    return jobs
  }

  async restore(jobId: string): Promise<JobView> {
    return this.#seen(await this.#board.restore(jobId))
  }

  purge(jobId: string): Promise<void> {
    return this.#board.purge(jobId)
  }

  registerEntity(entity: Entity): Promise<void> {
    return this.#board.registerEntity(entity)
  }

  entities(): Promise<readonly Entity[]> {
    return this.#board.entities()
  }

  async events(): Promise<readonly EventView[]> {
    return [...this.#events]
  }

  async addThrowingListener(): Promise<void> {
    for (const event of ['posted', 'claimed', 'released', 'removed', 'resynced'] as const) {
      this.#board.on(event, () => {
        throw new Error('a listener that throws, by order of a test')
      })
    }
  }

  async calls(): Promise<Readonly<Record<string, number>>> {
    return this.#faults.calls
  }

  async fault(fault: Fault): Promise<void> {
    this.#faults.add(fault)
  }

  async faultsLeft(): Promise<number> {
    return this.#faults.left
  }

  releaseLate(): Promise<void> {
    return this.#faults.releaseLate()
  }

  async liftFaults(): Promise<void> {
    this.#faults.lift()
  }

  close(): Promise<void> {
    return this.#board.close()
  }

  #claim(claimId: string): Claim {
    const claim = this.#claims.get(claimId)
    if (claim === undefined) throw new Error(`this client has no claim ${claimId}`)
    return claim
  }

  #seen(job: Job): JobView {
    this.#jobs.set(job.id, job)
    return jobView(job)
  }

  #granted(claim: Claim): ClaimData {
    this.#claims.set(claim.id, claim)
    const { id, owner, fencingToken: token, scope, attempt, previous, job, signal } = claim
    const tellLost = () => this.#tell({ note: 'lost', claimId: id, jobId: job.id, at: historyNow() })
    if (signal.aborted) tellLost()
    else signal.addEventListener('abort', tellLost, { once: true })
    return {
      ...{ id, jobId: job.id, owner, token, scope, attempt, job: this.#seen(job) },
      ...(previous && { previous: { ...previous, at: previous.at.toISOString() } }),
    }
  }
}

function jobView(job: Job): JobView {
  const { id, name, priority, details, state, attempts, failures, losses, takeover } = job
  const { book, owner, fencingToken, availableAt, lostBy, trashedWith } = job
  return {
    ...{ id, name, priority, details, createdOn: job.createdOn.toISOString(), state },
    ...{ attempts, failures, losses, takeover },
    ...(book && { book }),
    ...(owner !== undefined && { owner }),
    ...(fencingToken !== undefined && { token: fencingToken }),
    ...(availableAt && { availableAt: availableAt.toISOString() }),
    ...(lostBy && { lostBy: { ...lostBy, at: lostBy.at.toISOString() } }),
    ...(trashedWith && { trashedWith: { ...trashedWith, at: trashedWith.at.toISOString() } }),
  }
}

/** Names as the board takes them: a list of the caller's own. */
function copied(names: readonly string[] | undefined): { names?: string[] } {
  return names === undefined ? {} : { names: [...names] }
}
