import type { Channel, VerbAnswer, VerbArgs, VerbName } from './channel.js'
import type { ClaimData, ClaimStatus, ClientNote } from './client-verbs.js'
import type { Answered, History, Operation, OperationKind } from './history.js'
import type { Stall } from './stalls.js'
import type { AbandonView, ClaimsRun, Client, ClientClaim, JobView, PostView, TrashView } from './world.js'

/** A client whose every call is recorded, wherever its board is. */
export class RecordedClient implements Client {
  readonly name: string
  readonly pid: number
  /** Its name in the history. */
  readonly #id: string
  readonly #channel: Channel
  readonly #history: History
  readonly #isTurned: boolean
  readonly #claims: ClaimData[] = []
  #unheard = false
  /** Stops by order of the case. */
  readonly #ordered: Operation[] = []
  readonly #stalls: Operation[] = []
  #stoppedSince: number | undefined
  #standing: 'open' | 'closing' | 'closed' | 'killed' = 'open'

  constructor(id: string, name: string, channel: Channel, history: History, isTurned: boolean) {
    this.#isTurned = isTurned
    this.#id = id
    this.name = name
    this.pid = channel.pid
    this.#channel = channel
    this.#history = history
  }

  get standing(): 'open' | 'frozen' | 'closing' | 'closed' | 'killed' {
    return this.#standing === 'open' && this.#stoppedSince !== undefined ? 'frozen' : this.#standing
  }

  /** What the client tells by itself belongs to the history too. */
  noted(note: ClientNote): void {
    const client = this.#id
    if (note.note === 'stalled') {
      const stall: Operation = { client, kind: 'stopped', start: note.from, end: note.until, outcome: 'ok' }
      this.#stalls.push(stall)
      this.#history.note(stall)
    } else {
      const { claimId, jobId } = note
      // In turned time it is told in the very moment; a process says by the clock that both share when it was.
      const at = this.#isTurned ? this.#history.now() : note.at
      this.#history.note({ client, kind: 'lost', claimId, jobId, start: at, end: at, outcome: 'ok' })
    }
  }

  /** Times in which the client did not run although nobody had ordered that. */
  get stalls(): readonly Stall[] {
    return this.#stalls
      .filter(stall => !this.#ordered.some(stop => overlap(stall, stop)))
      .map(({ start, end = start }) => ({ from: start, until: end }))
  }

  post(name: string, options?: PostView): Promise<JobView> {
    return this.#call('post', 'post', [name, options], jobId(options?.id), ({ id, state }) => ({
      jobId: id,
      state,
    }))
  }

  list(...args: Parameters<Client['list']>): Promise<readonly JobView[]> {
    return this.#call('other', 'list', args)
  }

  find(job: string): Promise<JobView | undefined> {
    return this.#call('other', 'find', [job], { jobId: job })
  }

  count(): ReturnType<Client['count']> {
    return this.#call('other', 'count', [])
  }

  findOwner(job: string): Promise<string | undefined> {
    return this.#call('other', 'findOwner', [job], { jobId: job })
  }

  async claim(job: string, owner?: string): Promise<ClientClaim> {
    return this.#granted(await this.#call('claim', 'claim', [job, owner], { jobId: job }, aboutClaim))
  }

  async claimNext(...args: Parameters<Client['claimNext']>): Promise<ClientClaim | undefined> {
    const claim = await this.#call('claim', 'claimNext', args, {}, aboutClaim)
    return claim && this.#granted(claim)
  }

  async claims(...args: Parameters<Client['claims']>): Promise<ClaimsRun> {
    const run = await this.#call('other', 'startClaims', args)
    return {
      next: async () => {
        const claim = await this.#call('claim', 'nextOfClaims', [run], {}, aboutClaim)
        return claim && this.#granted(claim)
      },
      stop: () => this.#call('other', 'stopClaims', [run]),
    }
  }

  consume(job: string, owner?: string): Promise<void> {
    return this.#call('consume', 'consume', [job, owner], this.#claimOf(job, owner))
  }

  abandon(job: string, owner?: string, options?: AbandonView): Promise<void> {
    return this.#call('abandon', 'abandon', [job, owner, options], this.#claimOf(job, owner))
  }

  trash(job: string, owner: string | undefined, options: TrashView): Promise<void> {
    return this.#call('trash', 'trash', [job, owner, options], this.#claimOf(job, owner))
  }

  waitForJob(...args: Parameters<Client['waitForJob']>): Promise<JobView | undefined> {
    return this.#call('other', 'waitForJob', args)
  }

  waitForEnd(...args: Parameters<Client['waitForEnd']>): ReturnType<Client['waitForEnd']> {
    return this.#call('other', 'waitForEnd', args, { jobId: args[0] })
  }

  forceRelease(...args: Parameters<Client['forceRelease']>): Promise<void> {
    const [job, { token }] = args
    const about = { jobId: job, ...(token !== 'any' && { token }) }
    return this.#call('forceRelease', 'forceRelease', args, about)
  }

  trashed(): Promise<readonly JobView[]> {
    return this.#call('other', 'trashed', [])
  }

  restore(job: string): Promise<JobView> {
    return this.#call('restore', 'restore', [job], { jobId: job })
  }

  purge(job: string): Promise<void> {
    return this.#call('purge', 'purge', [job], { jobId: job })
  }

  registerEntity(...args: Parameters<Client['registerEntity']>): Promise<void> {
    return this.#call('other', 'registerEntity', args)
  }

  entities(): ReturnType<Client['entities']> {
    return this.#call('other', 'entities', [])
  }

  events(): ReturnType<Client['events']> {
    return this.#channel.call('events')
  }

  addThrowingListener(): Promise<void> {
    return this.#channel.call('addThrowingListener')
  }

  calls(): ReturnType<Client['calls']> {
    return this.#channel.call('calls')
  }

  fault(...args: Parameters<Client['fault']>): Promise<void> {
    return this.#channel.call('fault', ...args)
  }

  faultsLeft(): Promise<number> {
    return this.#channel.call('faultsLeft')
  }

  releaseLate(): Promise<void> {
    return this.#channel.call('releaseLate')
  }

  liftFaults(): Promise<void> {
    return this.#channel.call('liftFaults')
  }

  async freeze(): Promise<void> {
    const wasFrozen = this.#stoppedSince !== undefined
    this.#stoppedSince ??= this.#history.now()
    try {
      await this.#channel.freeze()
    } catch (error) {
      // What did not stop is no client that stood still.
      if (!wasFrozen) this.#stoppedSince = undefined
      throw error
    }
  }

  async thaw(): Promise<void> {
    await this.#channel.thaw()
    this.#noteStop(this.#history.now())
  }

  async kill(): Promise<void> {
    this.#standing = 'killed'
    this.#unheard = true
    this.#stoppedSince ??= this.#history.now()
    await this.#channel.kill()
    this.#noteStop()
  }

  async close(): Promise<void> {
    if (this.#standing === 'open') this.#standing = 'closing'
    await this.#call('close', 'close', [])
    this.#standing = 'closed'
  }

  ended(): Promise<boolean> {
    return this.#channel.ended()
  }

  /** For a client that is still frozen when its case is over: it counts as stopped for ever. */
  noteFrozen(): void {
    this.#noteStop()
  }

  /** The case is over: calls that it left behind may fail unheard. */
  leave(): void {
    this.#unheard = true
  }

  #noteStop(end?: number): void {
    if (this.#stoppedSince === undefined) return
    const begun: Operation = { client: this.#id, kind: 'stopped', start: this.#stoppedSince, outcome: 'ok' }
    const stop = end === undefined ? begun : { ...begun, end }
    this.#ordered.push(stop)
    this.#history.note(stop)
    this.#stoppedSince = undefined
  }

  async #call<V extends VerbName>(
    kind: OperationKind,
    verb: V,
    args: VerbArgs<V>,
    about: Answered = {},
    answered?: (value: VerbAnswer<V>) => Answered,
  ): Promise<VerbAnswer<V>> {
    if (this.#standing === 'killed')
      throw new Error(`client ${this.name} was killed and cannot be asked for anything`)
    const run = (): Promise<VerbAnswer<V>> => this.#channel.call(verb, ...args)
    try {
      return await this.#history.record({ client: this.#id, kind, ...about }, run, answered)
    } catch (error) {
      // Nothing is heard of a client that was killed, and nobody listens any more when the case is over; but for the
      // suite itself, which closes it.
      if (this.#unheard && kind !== 'close') return new Promise<never>(() => {})
      throw error
    }
  }

  /** The claim that an ending by job id is about: the last one that this client was granted. */
  #claimOf(job: string, owner: string | undefined): Answered {
    const claim = this.#claims.findLast(one => one.jobId === job && (owner ?? one.owner) === one.owner)
    return { jobId: job, ...(claim && { claimId: claim.id }) }
  }

  #granted(claim: ClaimData): ClientClaim {
    this.#claims.push(claim)
    const about = { jobId: claim.jobId, claimId: claim.id }
    return {
      ...claim,
      status: (): Promise<ClaimStatus> => this.#channel.call('claimStatus', claim.id),
      assertHeld: () => this.#channel.call('assertHeld', claim.id),
      consume: () => this.#call('consume', 'consumeClaim', [claim.id], about),
      abandon: options => this.#call('abandon', 'abandonClaim', [claim.id, options], about),
      trash: options => this.#call('trash', 'trashClaim', [claim.id, options], about),
    }
  }
}

function jobId(id: string | undefined): Answered {
  return id === undefined ? {} : { jobId: id }
}

function aboutClaim(claim: ClaimData | undefined): Answered {
  if (claim === undefined) return {}
  const { id, jobId: job, token, scope, owner } = claim
  return { claimId: id, jobId: job, token: token.toString(), scope, owner }
}

function overlap(one: Operation, other: Operation): boolean {
  return one.start <= (other.end ?? one.start) && other.start <= (one.end ?? other.start)
}
