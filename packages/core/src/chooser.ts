import type { Clock } from './clock.js'
import type { ClaimAnswer, ClaimGrant, JobboardDriver, PageAnswer } from './driver/driver.js'
import type { JobChange, JobHead, JobRecord, MalformedEntry } from './driver/records.js'
import { View } from './view.js'

/** What the stand-in for `claimNext` needs of its board. */
export interface ChooserHost {
  readonly driver: JobboardDriver
  readonly clock: Clock
  readonly spreadWindow: number
  readonly refreshMs: number
  look<T>(doing: string, call: () => Promise<T>): Promise<T>
  malformed(entries: readonly MalformedEntry[]): void
  trouble(error: unknown, during: string): void
}

export interface Wanted {
  readonly names?: readonly string[]
}

/** How a try of the chooser went, in the terms of the driver's answer. */
export type Attempt = (jobId: string) => Promise<ClaimAnswer>

const pageSize = 500

/**
 * Chooses the next job where the backend cannot: from an ordered view that is filled by a listing and kept by pushes.
 *
 * The view lags behind the board by what was not pushed yet; a choice that turns out to be taken costs one failed claim,
 * and the next one is tried.
 */
export class Chooser {
  readonly #host: ChooserHost
  #view: View
  #filled: Promise<void> | undefined
  #filledAt = 0
  /** Changes that arrive while a listing is read; the listing may be older than they are. */
  #meanwhile: JobChange[] | undefined

  constructor(host: ChooserHost) {
    this.#host = host
    this.#view = new View(host.spreadWindow)
  }

  /** Claims the first job that can be had; `nextChangeInMs` tells when a delay ends by itself. */
  async claimNext(
    wanted: Wanted,
    attempt: Attempt,
  ): Promise<ClaimGrant | Exclude<ClaimAnswer, ClaimGrant> | None> {
    await this.#fill()
    for (let head = this.#take(wanted); head !== undefined; head = this.#take(wanted)) {
      const answer = await this.#try(head, attempt)
      if (answer.kind === 'claimed' || answer.kind === 'over' || answer.kind === 'ended') return answer
      if (answer.kind === 'delayed') this.#view.add({ ...head, availableAt: answer.availableAt })
    }
    const at = this.#view.nextAvailableAt
    return {
      kind: 'none',
      ...(at === undefined ? {} : { nextChangeInMs: Math.max(0, at - this.#host.clock.now()) }),
    }
  }

  changed(changes: readonly JobChange[]): void {
    if (this.#filled === undefined) return
    this.#meanwhile?.push(...changes)
    for (const change of changes) this.#apply(change)
  }

  /** What was pushed may have gaps: the next choice reads the listing again. */
  distrust(): void {
    this.#filled = undefined
  }

  #take(wanted: Wanted): JobHead | undefined {
    return this.#view.take(wanted.names, this.#host.clock.now())
  }

  async #try(head: JobHead, attempt: Attempt): Promise<ClaimAnswer> {
    try {
      return await attempt(head.id)
    } catch (error) {
      // Nobody knows whether it is claimed now; if it is not, it must not be forgotten.
      this.#view.add(head)
      throw error
    }
  }

  #apply(change: JobChange): void {
    if (change.change === 'claimed' || change.change === 'removed') this.#view.remove(change.jobId)
    else if (change.head !== undefined) this.#view.add(change.head)
    else this.#readHead(change.jobId)
  }

  #readHead(jobId: string): void {
    this.#host
      .look('looking at a job', () => this.#host.driver.read({ kind: 'jobs', ids: [jobId] }))
      .then(({ found: [job] }) => {
        if (typeof job === 'object' && job.standing.state === 'UNCLAIMED') this.#view.add(headOf(job))
      })
      .catch(error => {
        this.distrust()
        this.#host.trouble(error, 'looking at a job that became claimable')
      })
  }

  #fill(): Promise<void> {
    if (this.#filled !== undefined && this.#host.clock.monotonic() - this.#filledAt >= this.#host.refreshMs)
      this.distrust()
    this.#filled ??= this.#readAll().catch(error => {
      this.distrust()
      throw error
    })
    return this.#filled
  }

  /** Fills a new view beside the old one, from which others may be choosing meanwhile. */
  async #readAll(): Promise<void> {
    this.#filledAt = this.#host.clock.monotonic()
    const meanwhile: JobChange[] = []
    this.#meanwhile = meanwhile
    const view = new View(this.#host.spreadWindow)
    let after: string | undefined
    do {
      const page = await this.#readPage(after)
      for (const job of page.jobs) view.add(headOf(job))
      this.#host.malformed(page.malformed)
      after = page.next
    } while (after !== undefined)
    // A gap came in between and a later listing is under way: that one counts.
    if (this.#meanwhile !== meanwhile) return
    this.#meanwhile = undefined
    this.#view = view
    for (const change of meanwhile) this.#apply(change)
  }

  #readPage(after: string | undefined): Promise<PageAnswer> {
    const query = { kind: 'list', states: 'unclaimed', limit: pageSize, fresh: true } as const
    return this.#host.look('listing the board', () =>
      this.#host.driver.read(after === undefined ? query : { ...query, after }),
    )
  }
}

export interface None {
  readonly kind: 'none'
  readonly nextChangeInMs?: number
}

function headOf(job: JobRecord): JobHead {
  const { id, name, priority, order, standing } = job
  const availableAt = standing.state === 'UNCLAIMED' ? standing.availableAt : undefined
  return { id, name, priority, order, ...(availableAt === undefined ? {} : { availableAt }) }
}
