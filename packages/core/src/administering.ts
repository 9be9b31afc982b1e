import type { Courier } from './courier.js'
import type { JobboardDriver, NotInTrash, Order, OrderAnswer } from './driver/driver.js'
import type { JobRecord } from './driver/records.js'
import { ClaimChangedError, JobNotFoundError, OutcomeUnknownError } from './errors.js'
import type { Reading } from './reading.js'

/** What an operator says when ending somebody's claim. */
export interface ForceOptions {
  /** The token that you saw: only that claim is ended. `any` ends whatever claim the job has now. */
  readonly token: bigint | 'any'
  /** For the record. */
  readonly reason: string
}

/** Rare orders of operators. Each is one atomic step at the backend and may be sent again. */
export class Administering {
  readonly #driver: JobboardDriver
  readonly #courier: Courier
  readonly #reading: Reading

  constructor(driver: JobboardDriver, courier: Courier, reading: Reading) {
    this.#driver = driver
    this.#courier = courier
    this.#reading = reading
  }

  async force(jobId: string, { token, reason }: ForceOptions): Promise<void> {
    // Without a token a request sent twice could end two claims; so the current one is looked up first.
    const seen = token === 'any' ? await this.#currentToken(jobId) : token
    if (seen === undefined) throw new ClaimChangedError(jobId, undefined)
    const { answer } = await this.#order('releasing', { kind: 'force', jobId, token: seen, reason })
    if (answer.kind === 'missing') throw new JobNotFoundError(jobId)
    if (answer.kind === 'changed') throw new ClaimChangedError(jobId, answer.token)
  }

  async restore(jobId: string): Promise<JobRecord> {
    const { answer, doubtful } = await this.#order('restoring', { kind: 'restore', jobId })
    if (answer.kind === 'restored') return answer.job
    if (doubtful && answer.onBoard) return this.#restored(jobId)
    throw notInTrash(jobId, answer)
  }

  async purge(jobId: string): Promise<void> {
    const { answer, doubtful } = await this.#order('purging', { kind: 'purge', jobId })
    // Sent again after a lost reply: that nothing is left is what was asked for.
    if (answer.kind === 'purged' || (doubtful && !answer.onBoard)) return
    throw notInTrash(jobId, answer)
  }

  async #currentToken(jobId: string): Promise<bigint | undefined> {
    const { job } = await this.#reading.job(jobId)
    if (typeof job !== 'object' || job.standing.state === 'TRASHED') throw new JobNotFoundError(jobId)
    return job.standing.state === 'CLAIMED' ? job.standing.token : undefined
  }

  /** A first send whose reply was lost had moved the job back, or somebody else has since. */
  async #restored(jobId: string): Promise<JobRecord> {
    const { job } = await this.#reading.job(jobId)
    if (typeof job !== 'object') throw new OutcomeUnknownError('restoring', jobId)
    return job
  }

  async #order<O extends Order & { readonly jobId: string }>(
    doing: string,
    order: O,
  ): Promise<{ readonly answer: OrderAnswer<O>; readonly doubtful: boolean }> {
    let doubtful = false
    const answer = await this.#courier.deliver({ doing, jobId: order.jobId, write: true }, ticket => {
      doubtful = ticket.doubtful
      ticket.sent = true
      return this.#courier.bounded(this.#driver.administer(order))
    })
    return { answer, doubtful }
  }
}

function notInTrash(jobId: string, { onBoard }: NotInTrash): JobNotFoundError {
  return new JobNotFoundError(jobId, onBoard ? 'in the trash (it is on the board)' : 'in the trash')
}
