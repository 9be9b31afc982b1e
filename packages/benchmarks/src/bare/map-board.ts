import { randomUUID } from 'node:crypto'

/** The plain form of a job. */
export interface BareJob {
  readonly id: string
  readonly name: string
  readonly rank: number
  readonly details: unknown
}

export interface BareClaim {
  readonly job: BareJob
  readonly owner: string
  readonly token: number
}

/**
 * What somebody would write who needs a board for one process and one afternoon: the yardstick for core on memory.
 *
 * It does the same operations in their plainest honest form: jobs with random ids and their own copy of the details, most
 * urgent first, then oldest first; one owner at a time with a fencing token that grows; endings that check the claim; a
 * promise around every step.
 *
 * It leaves out all that makes a claim trustworthy: sessions, renewal and expiry, receipts (so nothing can be sent
 * again), time limits, events and waiting, conflict of ids, checks of what JSON cannot carry, delays, trash, counts.
 */
export class MapBoard {
  readonly #unclaimed: readonly Map<string, BareJob>[] = Array.from({ length: 5 }, () => new Map())
  readonly #claims = new Map<string, BareClaim>()
  #lastToken = 0

  async post(name: string, details: unknown, rank: number): Promise<BareJob> {
    const job = { id: randomUUID(), name, rank, details: JSON.parse(JSON.stringify(details)) }
    this.#unclaimed[rank]?.set(job.id, job)
    return job
  }

  async claimNext(owner: string): Promise<BareClaim | undefined> {
    for (const jobs of this.#unclaimed) {
      for (const job of jobs.values()) {
        jobs.delete(job.id)
        this.#lastToken += 1
        const claim = { job, owner, token: this.#lastToken }
        this.#claims.set(job.id, claim)
        return claim
      }
    }
    return undefined
  }

  async consume({ job, token }: BareClaim): Promise<void> {
    if (this.#claims.get(job.id)?.token !== token) throw new Error(`the claim on ${job.id} is lost`)
    this.#claims.delete(job.id)
  }
}
