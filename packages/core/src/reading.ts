import { Batcher, batchLimits } from './batcher.js'
import type { Courier } from './courier.js'
import type {
  JobboardDriver,
  JobsAnswer,
  ListQuery,
  PageAnswer,
  ReadAnswer,
  ReadQuery,
  TrashQuery,
} from './driver/driver.js'
import type { JobRecord, MalformedEntry } from './driver/records.js'

/** What a look at one job found, and in which scope. */
export interface Found {
  readonly scope: string
  readonly job: JobsAnswer['found'][number]
}

/** A job that can be claimed, or when there may be one. */
export interface First {
  readonly found?: JobRecord
  readonly nextChangeInMs?: number
}

const pageSize = 200

/** Looks at the backend for a board: bounded in time, many looks in flight joined, malformed entries reported. */
export class Reading {
  readonly #driver: JobboardDriver
  readonly #courier: Courier
  readonly #report: (entry: MalformedEntry) => void
  readonly #looks: Batcher<string, Found>

  constructor(driver: JobboardDriver, courier: Courier, report: (entry: MalformedEntry) => void) {
    this.#driver = driver
    this.#courier = courier
    this.#report = report
    this.#looks = new Batcher(ids => this.#jobs(ids), courier, batchLimits(driver))
  }

  job(jobId: string, limitMs?: number): Promise<Found> {
    const errand = { doing: 'looking at', jobId, write: false }
    return this.#courier.deliver(errand, ticket => this.#looks.submit(jobId, ticket), limitMs)
  }

  read<Q extends ReadQuery>(doing: string, query: Q): Promise<ReadAnswer<Q>> {
    return this.#courier.deliver({ doing, write: false }, () =>
      this.#courier.bounded(this.#driver.read(query)),
    )
  }

  /** Jobs page by page, in the driver's order; what does not parse is left out by the driver, and reported here (LIST-5). */
  async *pages(
    query: Omit<ListQuery, 'limit' | 'after'> | Omit<TrashQuery, 'limit' | 'after'>,
  ): AsyncGenerator<JobRecord> {
    let after: string | undefined
    do {
      const page: PageAnswer = await this.read('listing', {
        ...query,
        limit: pageSize,
        ...(after === undefined ? {} : { after }),
      } as ListQuery)
      this.reportAll(page.malformed)
      yield* page.jobs
      after = page.next
    } while (after !== undefined)
  }

  /** The first claimable job, or when that may change by itself. */
  async first(names: readonly string[] | undefined): Promise<First> {
    const first = { kind: 'list', states: 'unclaimed', limit: 1, fresh: true } as const
    const query = names === undefined ? first : { ...first, names }
    let page: PageAnswer | undefined
    do {
      const { next }: { next?: string } = page ?? {}
      page = await this.read('listing', next === undefined ? query : { ...query, after: next })
      this.reportAll(page.malformed)
    } while (page.jobs.length === 0 && page.next !== undefined)
    const [found] = page.jobs
    if (found !== undefined) return { found }
    return page.nextChangeInMs === undefined ? {} : { nextChangeInMs: page.nextChangeInMs }
  }

  reportAll(entries: readonly MalformedEntry[]): void {
    for (const entry of entries) this.#report(entry)
  }

  async #jobs(ids: readonly string[]): Promise<readonly Found[]> {
    const { scope, found } = await this.#driver.read({ kind: 'jobs', ids })
    for (const [i, job] of found.entries()) {
      if (job === 'malformed') this.#report({ where: ids[i] ?? '', problem: 'its entry does not parse' })
    }
    return found.map(job => ({ scope, job }))
  }
}
