import type { Clock, Timer } from './clock.js'
import type { Bounded } from './deadlines.js'
import { isDriverError } from './driver/driver-error.js'
import { DriverDefectError, JobboardError, OutcomeUnknownError, UnavailableError } from './errors.js'
import { translate } from './translate.js'

/** What is delivered, for errors. */
export interface Errand {
  /** In words that complete "the outcome of … is unknown", for example `consuming`. */
  readonly doing: string
  readonly jobId?: string
  /** A read has no outcome that could be unknown. */
  readonly write: boolean
}

/** One operation on its way, over all its sends. */
export interface Ticket {
  /** Sends so far, the current one included. */
  sends: number
  /** An earlier or the current send may have been executed without our learning it. */
  doubtful: boolean
  /** The current send has left the queue. */
  sent: boolean
  /** Answered, failed or out of time: whoever meets it in a queue drops it. */
  readonly over: boolean
}

/** Who waits for a delivery. */
export interface Recipient {
  resolve(answer: unknown): void
  reject(error: JobboardError): void
  /** It is over: takes it off the deadlines, which makes it stale. Called before either of the two. */
  ended(delivery: Delivery): void
}

const firstPauseMs = 10
const longestPauseMs = 500

/** One operation, sent again after each outage until it is answered or over. */
export class Delivery implements Ticket, Bounded {
  sends = 0
  doubtful = false
  sent = false
  stale = false
  readonly until: number
  readonly #clock: Clock
  readonly #errand: Errand
  readonly #send: (ticket: Ticket) => Promise<unknown>
  readonly #limitMs: number
  readonly #recipient: Recipient
  #lastError: unknown
  #pause: Timer | undefined

  constructor(
    clock: Clock,
    errand: Errand,
    send: (ticket: Ticket) => Promise<unknown>,
    limitMs: number,
    recipient: Recipient,
  ) {
    this.until = clock.monotonic() + limitMs
    this.#clock = clock
    this.#errand = errand
    this.#send = send
    this.#limitMs = limitMs
    this.#recipient = recipient
  }

  get over(): boolean {
    return this.stale
  }

  /** Async, so that a driver which throws instead of rejecting is no different from one that rejects. */
  async attempt(): Promise<void> {
    this.sends += 1
    try {
      const answer = await this.#send(this)
      if (this.#end()) this.#recipient.resolve(answer)
    } catch (error) {
      this.#failed(error)
    }
  }

  expire(): void {
    this.stop(outOfTime(this.#lastError, this.#limitMs))
  }

  /** Ends it with what is known: with `error` if nothing can have been done. */
  stop(error: JobboardError): void {
    if (this.#end()) this.#recipient.reject(unanswered(this.#errand, this, error))
  }

  #failed(error: unknown): void {
    this.#lastError = error
    this.doubtful ||= doneMaybe(error)
    // This send is answered: it counts by its doubt alone, also while the next one waits for its turn.
    this.sent = false
    if (isOutage(error)) this.#sendLater()
    else if (this.#end()) this.#recipient.reject(refusal(this.#errand, this, error))
  }

  #sendLater(): void {
    if (!this.stale) this.#pause = this.#clock.setTimeout(() => this.attempt(), pauseBefore(this.sends))
  }

  /** False when it was over before. */
  #end(): boolean {
    if (this.stale) return false
    this.#pause?.clear()
    this.#recipient.ended(this)
    return true
  }
}

function outOfTime(lastError: unknown, limitMs: number): UnavailableError {
  const why = lastError instanceof Error ? lastError.message : 'no answer'
  const cause = lastError === undefined ? undefined : { cause: lastError }
  const limit = Math.ceil(limitMs)
  return new UnavailableError(
    `The backend did not answer within ${limit} ms (${why}); see that it can be reached`,
    cause,
  )
}

/** What a caller is told who gets no answer: nothing was done only if nothing was sent. */
function unanswered(errand: Errand, ticket: Ticket, error: JobboardError): JobboardError {
  const unknown = errand.write && (ticket.doubtful || ticket.sent)
  return unknown
    ? new OutcomeUnknownError(errand.doing, errand.jobId, { cause: error.cause ?? error })
    : error
}

/** A refusal is final, but it says nothing about an earlier send whose reply was lost. */
function refusal(errand: Errand, ticket: Ticket, error: unknown): JobboardError {
  if (errand.write && ticket.doubtful)
    return new OutcomeUnknownError(errand.doing, errand.jobId, { cause: error })
  return translate(error)
}

function isOutage(error: unknown): boolean {
  return isDriverError(error) && error.kind === 'unavailable'
}

/** An error that is not a driver's own explains nothing, nor does an answer that makes no sense: the write may have happened. */
function doneMaybe(error: unknown): boolean {
  if (isDriverError(error)) return error.done !== 'no'
  return !(error instanceof JobboardError) || error instanceof DriverDefectError
}

/** Doubles, with jitter, so that clients which failed together do not come back together. */
function pauseBefore(send: number): number {
  return Math.min(longestPauseMs, firstPauseMs * 2 ** (send - 1)) * (0.5 + Math.random() / 2)
}
