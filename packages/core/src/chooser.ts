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
}

/** Which jobs may be chosen. */
export interface Wanted {
  readonly names?: readonly string[]
}

/** How a try of the chooser went, in the terms of the driver's answer. */
export type Attempt = (jobId: string) => Promise<ClaimAnswer>

const pageSize = 500

/** How long a job that the backend calls delayed is left alone at least: the clock that judges may be behind ours. */
const leastDelayMs = 50

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
  /** When the listing said that something changes by itself: a delay from before it, or a session. */
  #changesAt = Number.POSITIVE_INFINITY
  /** Changes that arrive while a listing is read; the listing may be older than they are. */
  #meanwhile: JobChange[] | undefined

  constructor(host: ChooserHost) {
    this.#host = host
    this.#view = new View(host.spreadWindow)
  }

  /** Fills the view if it is not, or no longer to be trusted. */
  fill(): Promise<void> {
    if (this.#filled !== undefined && this.#outdated) this.distrust()
    this.#filled ??= this.#readAll().catch(error => {
      this.distrust()
      throw error
    })
    return this.#filled
  }

  /** Of a view that is filled: claims the first job that can be had; `nextChangeInMs` tells when a delay or a session ends by itself. */
  async claimNext(
    wanted: Wanted,
    attempt: Attempt,
  ): Promise<ClaimGrant | Exclude<ClaimAnswer, ClaimGrant> | None> {
    for (let head = this.#take(wanted); head !== undefined; head = this.#take(wanted)) {
      const answer = await this.#try(head, attempt)
      if (answer.kind === 'claimed' || answer.kind === 'over' || answer.kind === 'ended') return answer
    }
    const at = Math.min(this.#view.nextAvailableAt ?? Number.POSITIVE_INFINITY, this.#changesAt)
    return {
      kind: 'none',
      ...(Number.isFinite(at) ? { nextChangeInMs: Math.max(0, at - this.#host.clock.now()) } : {}),
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
      const answer = await attempt(head.id)
      if (answer.kind === 'over') this.#view.add(head)
      if (answer.kind === 'delayed') {
        const availableAt = Math.max(answer.availableAt, this.#host.clock.now() + leastDelayMs)
        this.#view.add({ ...head, availableAt })
      }
      return answer
    } catch (error) {
      // Nobody knows whether it is claimed now; if it is not, it must not be forgotten.
      this.#view.add(head)
      throw error
    }
  }

  #apply(change: JobChange): void {
    if (change.change === 'claimed' || change.change === 'removed') this.#view.remove(change.jobId)
    else if (change.head !== undefined) this.#view.add(change.head)
    // The driver owes what the view needs to place the job; without it only a listing tells.
    else this.distrust()
  }

  get #outdated(): boolean {
    const { clock, refreshMs } = this.#host
    return clock.monotonic() - this.#filledAt >= refreshMs || clock.now() >= this.#changesAt
  }

  /** Fills a new view beside the old one, from which others may be choosing meanwhile. */
  async #readAll(): Promise<void> {
    this.#filledAt = this.#host.clock.monotonic()
    this.#changesAt = Number.POSITIVE_INFINITY
    const meanwhile: JobChange[] = []
    this.#meanwhile = meanwhile
    const view = new View(this.#host.spreadWindow)
    let page: PageAnswer | undefined
    do {
      page = await this.#readPage(page?.next)
      for (const job of page.jobs) view.add(headOf(job))
      this.#host.malformed(page.malformed)
    } while (page.next !== undefined)
    // A gap came in between and a later listing is under way: that one counts.
    if (this.#meanwhile !== meanwhile) return this.fill()
    this.#meanwhile = undefined
    this.#view = view
    if (page.nextChangeInMs !== undefined)
      this.#changesAt = this.#host.clock.now() + Math.max(leastDelayMs, page.nextChangeInMs)
    for (const change of meanwhile) this.#apply(change)
  }

  #readPage(after: string | undefined): Promise<PageAnswer> {
    const query = { kind: 'list', states: 'unclaimed', limit: pageSize, fresh: true } as const
    return this.#host.look('listing the board', () =>
      this.#host.driver.read(after === undefined ? query : { ...query, after }),
    )
  }
}

/** Nothing can be claimed; when that may change by itself. */
export interface None {
  readonly kind: 'none'
  readonly nextChangeInMs?: number
}

function headOf(job: JobRecord): JobHead {
  const { id, name, priority, order, standing } = job
  const availableAt = standing.state === 'UNCLAIMED' ? standing.availableAt : undefined
  return { id, name, priority, order, ...(availableAt === undefined ? {} : { availableAt }) }
}
