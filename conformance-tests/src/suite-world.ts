import { Jobboard } from '@jobboard/core'
import type { Clock, JobboardDriver } from '@jobboard/core/driver'
import type { Channel, ClientSettings } from './channel.js'
import { checkHistory, type FinalJob, type FinalState, type HistoryProblem } from './check-history.js'
import type { ClientNote } from './client-verbs.js'
import { eventually, never } from './eventually.js'
import type { Harness, Space } from './harness.js'
import { History } from './history.js'
import type { Timing } from './history-model.js'
import { LocalClient } from './local-client.js'
import { ProcessClient } from './process-client.js'
import type { ProcessPool } from './process-pool.js'
import type { Random } from './random.js'
import { RecordedClient } from './recorded-client.js'
import { longestInCommon } from './stalls.js'
import { within } from './within.js'
import type { Witness } from './witness.js'
import type { Client, ClientOptions, World } from './world.js'
import { realTime, TurnedWorldTime, type WorldTime } from './world-time.js'

/** The same for every client: the board's name where the driver's own options name none. */
const boardName = 'conformance'
/** Waits look this often in one time to live. */
const looksPerTtl = 20
/** Takeovers that a wait without a limit of its own lasts: a busy machine makes it long, a broken driver longer. */
const patience = 10
/** A stall of this part of the time to live is enough to miss a renewal that is also a little late. */
const disturbingPart = 8
/** How long a client may take to close when its case is over. */
const closeLimitMs = 3_000

interface Member {
  readonly client: RecordedClient
  readonly channel: Channel
}

/** What a world has from the suite that makes it. */
export interface WorldParts {
  readonly caseId: string
  readonly pool: ProcessPool
  readonly random: Random
  /** Absent in turned time, in which nothing is disturbed. */
  readonly witness: Witness | undefined
}

/** The world of one case: its space, its clients and their history. */
export class SuiteWorld implements World {
  readonly ttlMs: number
  readonly takeoverMs: number
  readonly random: Random
  readonly history: History
  readonly #harness: Harness
  readonly #space: Space
  readonly #caseId: string
  readonly #pool: ProcessPool
  readonly #witness: Witness | undefined
  readonly #time: WorldTime
  readonly #members: Member[] = []
  /** Of all clients, and of those that look on. */
  readonly #ttls: number[]
  /** A case spoke to a driver itself, so the history does not tell everything. */
  #outsiders = false

  constructor(harness: Harness, space: Space, { caseId, pool, random, witness }: WorldParts) {
    this.#harness = harness
    this.#space = space
    this.#caseId = caseId
    this.#pool = pool
    this.#witness = witness
    this.random = random
    this.ttlMs = harness.sessionTtlMs
    this.#ttls = [this.ttlMs]
    this.takeoverMs = harness.sessionTtlMs + harness.expiryMarginMs
    this.#time = space.time === undefined ? realTime : new TurnedWorldTime(space.time, this.#everyMs)
    this.history = new History(() => this.#time.historyNow())
  }

  async client(name: string, options: ClientOptions = {}): Promise<Client> {
    const { here = false, faults = [], ...board } = options
    this.#ttls.push(options.sessionTtlMs ?? this.ttlMs)
    const settings = { board: { name: boardName, sessionTtlMs: this.ttlMs, ...board }, faults }
    // Notes come before the recorded client is there only if opening fails.
    const notes: { tell: (note: ClientNote) => void } = { tell: () => {} }
    const tell = (note: ClientNote): void => notes.tell(note)
    const alone = !here && this.#harness.capabilities.includes('multiProcess')
    const channel = alone
      ? await this.#openProcess(settings, tell)
      : await LocalClient.open(this.#space.driver(), settings, this.#time, tell)
    const client = this.#record(`${name}#${this.#members.length + 1}`, name, channel)
    notes.tell = note => client.noted(note)
    this.#members.push({ client, channel })
    return client
  }

  elapse(ms: number): Promise<void> {
    return this.#time.elapse(ms)
  }

  eventually<T>(
    what: string,
    attempt: () => Promise<T | undefined | false>,
    options: { readonly withinMs?: number } = {},
  ): Promise<T> {
    const { withinMs = patience * this.takeoverMs } = options
    return eventually(this.#time, what, attempt, { withinMs, everyMs: this.#everyMs })
  }

  never(
    what: string,
    attempt: () => Promise<boolean>,
    { duringMs }: { readonly duringMs: number },
  ): Promise<void> {
    return never(this.#time, what, attempt, { duringMs, everyMs: this.#everyMs })
  }

  plantMalformed(): Promise<void> {
    return this.#space.plantMalformed()
  }

  driver(): JobboardDriver {
    this.#outsiders = true
    return this.#space.driver()
  }

  clock(): Clock {
    return this.#time.clientClock()
  }

  /** What the clients were doing when a case ran out of time. */
  get waitingFor(): string {
    const running = this.history.running.map(({ kind, client, jobId }) =>
      `${kind} by ${client} ${jobId ?? ''}`.trimEnd(),
    )
    return running.length === 0 ? 'no client was asked for anything' : `waiting for ${running.join(', ')}`
  }

  /**
   * Checks the history against what is on the board now. Claims that nobody knows of have the time that they may take
   * to vanish, before they count as problems.
   */
  async finish(): Promise<readonly HistoryProblem[]> {
    await this.#hearEveryone()
    if (this.#outsiders) return checkHistory(this.history.operations, undefined, this.#timing)
    const observer = await this.#openObserver()
    try {
      let problems: readonly HistoryProblem[] = []
      const settled = async (): Promise<boolean> => {
        const at = this.history.now()
        const final = { ...(await finalState(observer)), closed: true, at }
        problems = checkHistory(this.history.operations, final, this.#timing)
        return problems.length === 0
      }
      const withinMs = this.takeoverMs
      await eventually(this.#time, 'the history fits', settled, { withinMs, everyMs: this.#everyMs }).catch(
        error => {
          if (problems.length === 0) throw error
        },
      )
      return problems
    } finally {
      await this.#bounded(this.#time.during(observer.close()))
    }
  }

  /**
   * Whether the machine kept a client from running for so long that claims may have been lost and limits missed. A client
   * that stands still alone was kept by its driver, and that is no excuse.
   */
  async wasDisturbed(): Promise<boolean> {
    if (this.#witness === undefined) return false
    await this.#hearEveryone()
    const stalls = this.#members.flatMap(({ client }) => client.stalls)
    return longestInCommon(stalls, await this.#witness.stalls()) > this.ttlMs / disturbingPart
  }

  /** Ends every client and removes the space. Whatever a client does not do in time is done to it. */
  async dispose(): Promise<void> {
    await Promise.all(this.#members.map(member => this.#dismiss(member)))
    await this.#space.dispose()
  }

  get #timing(): Timing {
    return {
      sessionTtlMs: Math.min(...this.#ttls),
      takeoverMs: Math.max(...this.#ttls) + this.#harness.expiryMarginMs,
    }
  }

  get #everyMs(): number {
    return Math.max(5, Math.round(this.ttlMs / looksPerTtl))
  }

  async #openProcess(settings: ClientSettings, tell: (note: ClientNote) => void): Promise<Channel> {
    const { clientModule } = this.#harness
    if (clientModule === undefined) throw new Error('a harness of a multiProcess driver needs a clientModule')
    const child = this.#pool.acquire(this.#caseId)
    if (child.pid === process.pid || this.#members.some(({ channel }) => channel.pid === child.pid)) {
      throw new Error(`client process ${child.pid} is not a process of its own`)
    }
    try {
      await child.open(clientModule, this.#space.config, settings, tell)
    } catch (error) {
      await this.#pool.release(child)
      throw error
    }
    return new ProcessClient(this.#pool, child)
  }

  /** Notes of lost claims travel by themselves: one round trip, and all are here. */
  async #hearEveryone(): Promise<void> {
    for (const { client } of this.#members) if (client.standing === 'frozen') client.noteFrozen()
    const open = this.#members.filter(({ client }) => client.standing === 'open')
    await Promise.all(open.map(({ channel }) => this.#bounded(channel.call('liftFaults'))))
  }

  #record(id: string, name: string, channel: Channel): RecordedClient {
    return new RecordedClient(id, name, channel, this.history, !this.#time.isReal)
  }

  async #openObserver(): Promise<Jobboard> {
    const observer = new Jobboard(this.#space.driver(), {
      name: boardName,
      sessionTtlMs: this.ttlMs,
      clock: this.#time.clientClock(),
    })
    return this.#time.during(observer.connect())
  }

  async #dismiss({ client, channel }: Member): Promise<void> {
    client.leave()
    if (client.standing === 'open') await this.#bounded(client.close())
    await this.#bounded(channel.dispose(client.standing === 'closed'))
  }

  /** Waits for something that may fail or hang without any harm: the space is thrown away with it. */
  async #bounded(call: Promise<unknown>): Promise<void> {
    await within(closeLimitMs, call, () => 'too late').catch(() => {})
  }
}

async function finalState(observer: Jobboard): Promise<FinalState> {
  const jobs: FinalJob[] = []
  for await (const { id, state, owner, fencingToken } of observer.iterJobs({ ensureFresh: true })) {
    jobs.push({
      ...{ id, state: state === 'CLAIMED' ? state : 'UNCLAIMED' },
      ...(owner !== undefined && { owner }),
      ...(fencingToken !== undefined && { token: fencingToken.toString() }),
    })
  }
  for await (const { id } of observer.trashed()) jobs.push({ id, state: 'TRASHED' })
  return { jobs }
}
