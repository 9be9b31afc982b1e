import { Jobboard, type JobboardOptions, silentLogger } from '@jobboard/core'
import {
  type BackendFacts,
  type ClaimAnswer,
  type ClaimGrant,
  contentHash,
  type DriverEnvironment,
  type DriverSink,
  type Ending,
  type EndingAnswer,
  type JobboardDriver,
  type JobRecord,
  type Posting,
  type RenewAnswer,
  type SessionRef,
} from '@jobboard/core/driver'
import type { World } from '../world.js'
import { arrival, outcomeOf } from './support.js'

/** Core's promise to drivers, kept by the bare requests too: a call is bounded. */
const callTimeoutMs = 2_000

/**
 * A driver without a board object around it. It says what no board object would say on purpose: the same request
 * twice, a request of long ago, an ending of somebody else's claim.
 */
export class BareDriver {
  readonly driver: JobboardDriver
  readonly #world: World

  /** Not opened yet. */
  constructor(world: World) {
    this.#world = world
    this.driver = world.driver()
  }

  static async open(world: World, options?: { readonly rememberMs?: number }): Promise<BareDriver> {
    const bare = new BareDriver(world)
    await bare.open(options)
    return bare
  }

  open(environment: Partial<DriverEnvironment> = {}): Promise<BackendFacts> {
    return this.driver.open(deafSink, {
      label: 'bare',
      clock: this.#world.clock(),
      logger: silentLogger,
      callTimeoutMs,
      rememberMs: 60_000,
      refreshMs: 30_000,
      newId: () => this.#world.random.uuid(),
      ...environment,
    })
  }

  id(): string {
    return this.#world.random.uuid()
  }

  /** Posts a job and answers with its id. */
  async post(name: string, over?: Partial<Posting>): Promise<string> {
    const posting = this.posting(name, over)
    await this.driver.post([posting])
    return posting.id
  }

  posting(name: string, over?: Partial<Posting>): Posting {
    const content = { name, priority: 'NORMAL' as const, details: '{}', ...over }
    return { id: this.id(), delayMs: 0, ...content, hash: contentHash(content) }
  }

  /** Nobody renews it; so it lives long, unless its end is what the case is about. */
  async session(ttlMs: number = this.#world.ttlMs * 20): Promise<SessionRef> {
    const grant = await this.driver.startSession({ id: this.id(), ttlMs })
    return grant.session
  }

  async claim(
    session: SessionRef,
    jobId: string,
    claimId: string = this.id(),
    owner: string = ownerOf(session),
  ): Promise<ClaimAnswer> {
    return only(await this.driver.claim(session, [{ jobId, claimId, owner }]))
  }

  /** Claims what must be claimable. */
  async take(session: SessionRef, jobId: string, claimId?: string, owner?: string): Promise<ClaimGrant> {
    const answer = await this.claim(session, jobId, claimId, owner)
    if (answer.kind !== 'claimed') throw new Error(`could not claim the job: ${answer.kind}`)
    return answer
  }

  async settle(session: SessionRef, ending: Ending): Promise<EndingAnswer> {
    const { endings } = await this.driver.settle(session, [ending])
    return only(endings)
  }

  /** Claims a job and moves it to the trash; answers with its order there. */
  async discard(session: SessionRef, jobId: string): Promise<bigint> {
    await this.settle(session, endingOf(await this.take(session, jobId), 'trash'))
    return (await this.record(jobId)).order
  }

  /** Moves a job out of the trash, from the stay that is seen now. */
  async leaveTrash(kind: 'restore' | 'purge', jobId: string): Promise<void> {
    const { order } = await this.record(jobId)
    await this.driver.administer({ kind, jobId, order })
  }

  renew(session: SessionRef, held: readonly string[] = []): Promise<RenewAnswer> {
    return this.driver.renew({ session, held })
  }

  async look(jobId: string): Promise<JobRecord | 'consumed' | 'purged' | 'malformed' | 'absent'> {
    const { found } = await this.driver.read({ kind: 'jobs', ids: [jobId] })
    return only(found)
  }

  /** Looks at a job that must be on the board or in the trash. */
  async record(jobId: string): Promise<JobRecord> {
    const found = await this.look(jobId)
    if (typeof found === 'string') throw new Error(`the job should be there, and is ${found}`)
    return found
  }

  /** UNCLAIMED, CLAIMED, TRASHED, or what a look tells instead of a record. */
  async standing(jobId: string): Promise<string> {
    const found = await this.look(jobId)
    return typeof found === 'string' ? found : found.standing.state
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // In time and without complaint: how well a driver closes is the matter of one law and no other.
    await outcomeOf(arrival(this.#world, 'the driver closes', this.driver.close(), this.#world.ttlMs))
  }
}

/** An ending of a claim, as its holder would send it. */
export function endingOf(grant: ClaimGrant, how: Ending['how']): Ending {
  const claim = { jobId: grant.job.id, claimId: grant.claimId, token: grant.token }
  if (how === 'abandon') return { ...claim, how, delayMs: 0, failed: false }
  return how === 'trash' ? { ...claim, how, reason: 'no use' } : { ...claim, how }
}

/** A board object in this process, for what a client cannot show: an iteration that is stopped midway, a driver in disguise. */
export async function boardHere(
  world: World,
  options?: JobboardOptions,
  driver: JobboardDriver = world.driver(),
): Promise<{ readonly board: Jobboard } & AsyncDisposable> {
  const made = new Jobboard(driver, { sessionTtlMs: world.ttlMs, clock: world.clock(), ...options })
  const board = await made.connect()
  return {
    board,
    async [Symbol.asyncDispose]() {
      await outcomeOf(arrival(world, 'the board closes', board.close(), world.ttlMs))
    },
  }
}

/** Whoever names none claims as this: one owner for each session. */
export function ownerOf(session: SessionRef): string {
  return `owner in ${session.id}`
}

/** The one answer to a batch of one. */
export function only<T>(answers: readonly T[]): T {
  if (answers.length !== 1) throw new Error(`expected one answer, got ${answers.length}`)
  return answers[0] as T
}

/** Bare requests are about answers; what is pushed is told by clients. */
const deafSink: DriverSink = {
  changed: () => {},
  gap: () => {},
  doubt: () => {},
  malformed: () => {},
  trouble: () => {},
}
