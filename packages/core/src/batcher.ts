import { setImmediate } from 'node:timers'
import type { Courier } from './courier.js'
import type { Ticket } from './delivery.js'
import type { JobboardDriver } from './driver/driver.js'
import { isDriverError } from './driver/driver-error.js'
import { DriverDefectError, OverloadedError } from './errors.js'

interface Waiting<Entry, Answer> {
  readonly entry: Entry
  readonly ticket: Ticket
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

/** How much one call may carry, and how many may be under way. */
export interface BatchLimits {
  readonly maxEntries: number
  readonly maxCalls: number
}

/** What a driver says of its batches, or the defaults. */
export function batchLimits({ info }: JobboardDriver): BatchLimits {
  const { maxEntries = 128, maxCalls = 4 } = info.batching ?? {}
  return { maxEntries, maxCalls }
}

/**
 * The backend did none of it, perhaps because of a single entry that is too large: alone, each gets the answer that it deserves
 * (POST-4).
 */
function isRefusal(error: unknown): boolean {
  return isDriverError(error) && error.kind === 'limit' && error.done === 'no'
}

/** More than this many callers waiting means that nobody awaits them; the next one is refused (FAULT-1). */
const maxWaiting = 100_000

/**
 * Joins what callers have in flight into one call of the driver.
 *
 * Entries of one turn of the event loop go out together. While `maxCalls` calls are under way later entries wait and
 * join the next one, so batches grow just as fast as the backend is slow. Each entry gets its own answer.
 */
export class Batcher<Entry, Answer> {
  readonly #call: (entries: readonly Entry[]) => Promise<readonly Answer[]>
  readonly #courier: Courier
  readonly #limits: BatchLimits
  #waiting: Waiting<Entry, Answer>[] = []
  #calls = 0
  #scheduled = false

  constructor(
    call: (entries: readonly Entry[]) => Promise<readonly Answer[]>,
    courier: Courier,
    limits: BatchLimits,
  ) {
    this.#call = call
    this.#courier = courier
    this.#limits = limits
  }

  /** Rejects with what the driver's call rejected with, or with OverloadedError. */
  submit(entry: Entry, ticket: Ticket): Promise<Answer> {
    if (this.#waiting.length >= maxWaiting) return Promise.reject(new OverloadedError(maxWaiting))
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entry, ticket, resolve, reject })
      this.#schedule()
    })
  }

  /** Waits for the end of the turn, so that callers who wake up together travel together. */
  #schedule(): void {
    if (this.#scheduled || this.#calls >= this.#limits.maxCalls) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      while (this.#waiting.length > 0 && this.#calls < this.#limits.maxCalls) this.#send(this.#take())
    })
  }

  #take(): readonly Waiting<Entry, Answer>[] {
    const batch: Waiting<Entry, Answer>[] = []
    let taken = 0
    for (const waiting of this.#waiting) {
      if (batch.length >= this.#limits.maxEntries) break
      taken += 1
      // Out of time while it waited: its caller has gone.
      if (!waiting.ticket.over) batch.push(waiting)
    }
    this.#waiting = this.#waiting.slice(taken)
    return batch
  }

  #send(batch: readonly Waiting<Entry, Answer>[]): void {
    if (batch.length === 0) return
    this.#calls += 1
    for (const { ticket } of batch) ticket.sent = true
    this.#answers(batch).then(
      answers => {
        for (const [i, waiting] of batch.entries()) waiting.resolve(answers[i] as Answer)
      },
      error => {
        if (batch.length > 1 && isRefusal(error)) for (const waiting of batch) this.#send([waiting])
        else for (const waiting of batch) waiting.reject(error)
      },
    )
  }

  async #answers(batch: readonly Waiting<Entry, Answer>[]): Promise<readonly Answer[]> {
    try {
      const answers = await this.#courier.bounded(this.#call(batch.map(waiting => waiting.entry)))
      if (answers.length === batch.length) return answers
      throw new DriverDefectError(`The driver answered ${answers.length} of ${batch.length} entries`)
    } finally {
      this.#calls -= 1
      if (this.#waiting.length > 0) this.#schedule()
    }
  }
}
