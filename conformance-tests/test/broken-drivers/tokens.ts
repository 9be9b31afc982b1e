import type {
  BackendFacts,
  ClaimAnswer,
  ClaimWish,
  DriverEnvironment,
  DriverSink,
  Ending,
  JobRecord,
  JobsAnswer,
  JobsQuery,
  ListQuery,
  Order,
  OrderAnswer,
  PageAnswer,
  SessionRef,
  SettleAnswer,
  WishAnswer,
} from '@jobboard/core/driver'
import type { MemoryBackend } from '@jobboard/memory'
import type { BrokenDriver } from './broken-driver.js'
import { Misclaiming } from './misclaiming.js'

export const tokensStartAgain: BrokenDriver = {
  name: 'tokens are repeated after a restart',
  laws: ['CLAIM-4'],
  on(backend) {
    const counter = { open: 0, base: 0n, greatest: 0n }
    return () => new StartingAgain(backend, counter)
  },
}

/** Shows tokens counted from the last restart, and takes them for the real ones. */
class StartingAgain extends Misclaiming {
  readonly #counter: { open: number; base: bigint; greatest: bigint }

  constructor(backend: MemoryBackend, counter: { open: number; base: bigint; greatest: bigint }) {
    super(backend)
    this.#counter = counter
  }

  override open(sink: DriverSink, environment: DriverEnvironment): Promise<BackendFacts> {
    if (this.#counter.open === 0) this.#counter.base = this.#counter.greatest
    this.#counter.open += 1
    return super.open(sink, environment)
  }

  override close(): Promise<void> {
    this.#counter.open -= 1
    return super.close()
  }

  override answered(answer: ClaimAnswer): ClaimAnswer {
    return answer.kind === 'claimed' ? this.#granted(answer) : answer
  }

  override wished(answer: WishAnswer): WishAnswer {
    return answer.kind === 'claimed' ? this.#granted(answer) : answer
  }

  override settle(
    session: SessionRef,
    endings: readonly Ending[],
    wishes?: readonly ClaimWish[],
  ): Promise<SettleAnswer> {
    const real = endings.map(ending => ({ ...ending, token: ending.token + this.#counter.base }))
    return super.settle(session, real, wishes)
  }

  override administer<O extends Order>(order: O): Promise<OrderAnswer<O>> {
    return super.administer(
      order.kind === 'force' ? { ...order, token: order.token + this.#counter.base } : order,
    )
  }

  override async jobs(query: JobsQuery): Promise<JobsAnswer> {
    const { scope, found } = await super.jobs(query)
    return { scope, found: found.map(one => (typeof one === 'string' ? one : this.#shown(one))) }
  }

  override async list(query: ListQuery): Promise<PageAnswer> {
    const page = await super.list(query)
    return { ...page, jobs: page.jobs.map(job => this.#shown(job)) }
  }

  #granted<G extends Extract<ClaimAnswer, { kind: 'claimed' }>>(grant: G): G {
    if (grant.token > this.#counter.greatest) this.#counter.greatest = grant.token
    return { ...grant, token: grant.token - this.#counter.base, job: this.#shown(grant.job) }
  }

  #shown(job: JobRecord): JobRecord {
    const { standing } = job
    if (standing.state !== 'CLAIMED') return job
    return { ...job, standing: { ...standing, token: standing.token - this.#counter.base } }
  }
}
