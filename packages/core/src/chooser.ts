import type { Clock } from './clock.js'
import type { ClaimAnswer, JobboardDriver, PageAnswer, WishAnswer } from './driver/driver.js'
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
  /** Whether the view has all that was pushed since it was filled. */
  #trusted = false
  #filledAt = 0
  /** When the listing said that something changes by itself without being pushed. */
  #changesAt = Number.POSITIVE_INFINITY
  /** The listing that is being read. */
  #listing: Promise<void> | undefined
  /** Changes that arrive while a listing is read; the listing may be older than they are. */
  #meanwhile: JobChange[] = []
  /** Changes may have been missed since the listing began. */
  #gap = false

  constructor(host: ChooserHost) {
    this.#host = host
    this.#view = new View(host.spreadWindow)
  }

  /**
   * Resolves when there is a view to choose from. One that is only old serves on, as long as it offers something, while the next
   * listing is read beside.
   */
  async fill({ names }: Wanted): Promise<void> {
    if (this.#trusted && !this.#outdated) return
    const listing = this.#list()
    if (!this.#trusted || !this.#view.offers(names, this.#host.clock.now())) return listing
    // Should it fail, the next call tries again; that the backend is down shows in the claims themselves.
    listing.catch(() => {})
  }

  /** Of a view that is filled: claims the first job that can be had; `nextChangeInMs` tells when a delay or a session ends by itself. */
  async claimNext(wanted: Wanted, attempt: Attempt): Promise<WishAnswer> {
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
    if (this.#listing !== undefined) this.#meanwhile.push(...changes)
    if (this.#trusted) for (const change of changes) this.#apply(change)
  }

  /** What was pushed may have gaps: the next choice waits for a listing that begins after this. */
  distrust(): void {
    this.#trusted = false
    this.#gap = true
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

  /** One listing at a time; whoever needs one joins it. */
  #list(): Promise<void> {
    this.#listing ??= this.#readAll().finally(() => {
      this.#listing = undefined
    })
    return this.#listing
  }

  /** Fills a new view beside the old one, from which others may be choosing meanwhile. */
  async #readAll(): Promise<void> {
    let view: View
    let nextChangeInMs: number | undefined
    do {
      this.#gap = false
      this.#meanwhile = []
      view = new View(this.#host.spreadWindow)
      nextChangeInMs = await this.#readInto(view)
      // A gap came in between: the listing may be older than what was missed.
    } while (this.#gap)
    const { clock } = this.#host
    this.#view = view
    this.#trusted = true
    this.#filledAt = clock.monotonic()
    this.#changesAt = clock.now() + Math.max(leastDelayMs, nextChangeInMs ?? Number.POSITIVE_INFINITY)
    for (const change of this.#meanwhile) this.#apply(change)
    this.#meanwhile = []
  }

  async #readInto(view: View): Promise<number | undefined> {
    let page: PageAnswer | undefined
    do {
      page = await this.#readPage(page?.next)
      for (const job of page.jobs) if (job.standing.state === 'UNCLAIMED') view.add(headOf(job, job.standing))
      this.#host.malformed(page.malformed)
    } while (page.next !== undefined)
    return page.nextChangeInMs
  }

  /** All states, so that delayed jobs have their place in the view before their time. */
  #readPage(after: string | undefined): Promise<PageAnswer> {
    const query = { kind: 'list', states: 'all', limit: pageSize, fresh: true } as const
    return this.#host.look('listing the board', () =>
      this.#host.driver.read(after === undefined ? query : { ...query, after }),
    )
  }
}

function headOf(
  { id, name, priority, order }: JobRecord,
  { availableAt }: { readonly availableAt?: number },
): JobHead {
  return { id, name, priority, order, ...(availableAt === undefined ? {} : { availableAt }) }
}
