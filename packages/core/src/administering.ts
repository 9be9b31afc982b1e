import type { Courier } from './courier.js'
import type { Ticket } from './delivery.js'
import type { JobboardDriver, NotInTrash, Order, OrderAnswer } from './driver/driver.js'
import type { JobRecord } from './driver/records.js'
import { ClaimChangedError, JobNotFoundError, OutcomeUnknownError } from './errors.js'
import type { Reading } from './reading.js'
import { storable } from './storable.js'

/** What an operator says when ending somebody's claim. */
export interface ForceOptions {
  /** The token that you saw: only that claim is ended. `any` ends whatever claim the job has now. */
  readonly token: bigint | 'any'
  /** In words for people; kept with the job as long as nobody else has lost it since (`lostBy`, `previous`). Cut to 16 KiB. */
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
    const leftMs = this.#courier.countdown()
    // Without a token a request sent twice could end two claims; so the current one is looked up first.
    const seen = token === 'any' ? await this.#currentToken(jobId, leftMs()) : token
    if (seen === undefined) throw new ClaimChangedError(jobId, undefined)
    const order = { kind: 'force', jobId, token: seen, reason: storable(reason) } as const
    const { answer, doubtful } = await this.#order('releasing', order, leftMs())
    if (answer.kind === 'released') return
    // Perhaps the first send ended the claim, and the job has gone on since.
    if (doubtful) throw new OutcomeUnknownError('releasing', jobId)
    throw answer.kind === 'missing' ? new JobNotFoundError(jobId) : new ClaimChangedError(jobId, answer.token)
  }

  async restore(jobId: string): Promise<JobRecord> {
    const leftMs = this.#courier.countdown()
    const order = await this.#trashedOrder(jobId, leftMs())
    const { answer, doubtful } = await this.#order('restoring', { kind: 'restore', jobId, order }, leftMs())
    if (answer.kind === 'restored') return answer.job
    if (!doubtful) throw notInTrash(jobId, answer)
    // On the board: the first send had moved it back, or somebody else has since. Else it has gone on, or never moved.
    const found = answer.onBoard ? (await this.#reading.job(jobId, leftMs())).job : 'absent'
    if (typeof found === 'object' && found.standing.state !== 'TRASHED') return found
    throw new OutcomeUnknownError('restoring', jobId)
  }

  async purge(jobId: string): Promise<void> {
    const leftMs = this.#courier.countdown()
    const order = await this.#trashedOrder(jobId, leftMs())
    const { answer, doubtful } = await this.#order('purging', { kind: 'purge', jobId, order }, leftMs())
    if (answer.kind === 'purged') return
    if (!doubtful) throw notInTrash(jobId, answer)
    // That nothing is left is what was asked for; what is on the board may have been posted anew.
    if (answer.onBoard) throw new OutcomeUnknownError('purging', jobId)
  }

  /** Without it an order sent twice could touch a later stay in the trash. */
  async #trashedOrder(jobId: string, limitMs: number): Promise<bigint> {
    const { job } = await this.#reading.job(jobId, limitMs)
    if (typeof job !== 'object') throw notInTrash(jobId, { onBoard: false })
    if (job.standing.state !== 'TRASHED') throw notInTrash(jobId, { onBoard: true })
    return job.order
  }

  async #currentToken(jobId: string, limitMs: number): Promise<bigint | undefined> {
    const { job } = await this.#reading.job(jobId, limitMs)
    if (typeof job !== 'object' || job.standing.state === 'TRASHED') throw new JobNotFoundError(jobId)
    return job.standing.state === 'CLAIMED' ? job.standing.token : undefined
  }

  async #order<O extends Order & { readonly jobId: string }>(
    doing: string,
    order: O,
    limitMs: number,
  ): Promise<{ readonly answer: OrderAnswer<O>; readonly doubtful: boolean }> {
    let doubtful = false
    const send = (ticket: Ticket): Promise<OrderAnswer<O>> => {
      doubtful = ticket.doubtful
      ticket.sent = true
      return this.#courier.bounded(this.#driver.administer(order))
    }
    const answer = await this.#courier.deliver({ doing, jobId: order.jobId, write: true }, send, limitMs)
    return { answer, doubtful }
  }
}

function notInTrash(jobId: string, { onBoard }: Pick<NotInTrash, 'onBoard'>): JobNotFoundError {
  return new JobNotFoundError(jobId, onBoard ? 'in the trash (it is on the board)' : 'in the trash')
}
