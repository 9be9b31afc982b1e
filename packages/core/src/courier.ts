import type { Clock, Timer } from './clock.js'
import { DriverError, isDriverError } from './driver/driver-error.js'
import {
  AuthenticationError,
  DriverDefectError,
  IncompatibleBackendError,
  JobboardError,
  LimitExceededError,
  OutcomeUnknownError,
  PermissionDeniedError,
  UnavailableError,
} from './errors.js'
import { TransitSet } from './transit.js'

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
  over: boolean
}

const firstPauseMs = 10
const longestPauseMs = 500

/**
 * Sends an operation until it is answered, or its time is over (FAULT-1, FAULT-3).
 *
 * The same request goes out again after an outage or a lost reply: every request carries its own id, and drivers answer
 * a second send as they would have answered the first. When the time is over the caller learns honestly what is known:
 * *unavailable* if nothing was ever sent, *outcome unknown* if something was.
 */
export class Courier {
  readonly #clock: Clock
  readonly #limitMs: number
  /** How long one send may take: short enough for a second one within the limit. */
  readonly sendLimitMs: number
  /** Ends each operation that is under way with an error, or with what is known of it. */
  readonly #underway = new TransitSet<(error: JobboardError) => void>()
  readonly #whenIdle: (() => void)[] = []
  /** Ends each call of the driver that is waited for. */
  readonly #calls = new TransitSet<(error: Error) => void>()
  #closed: JobboardError | undefined

  constructor(clock: Clock, requestTimeoutMs: number) {
    this.#clock = clock
    this.#limitMs = requestTimeoutMs
    this.sendLimitMs = Math.ceil(requestTimeoutMs * 0.4)
  }

  /** @throws UnavailableError, OutcomeUnknownError, or what the backend refused */
  deliver<T>(
    errand: Errand,
    send: (ticket: Ticket) => Promise<T>,
    limitMs: number = this.#limitMs,
  ): Promise<T> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed)
    return new Promise((resolve, reject) => {
      const ticket: Ticket = { sends: 0, doubtful: false, sent: false, over: false }
      let lastError: unknown
      let pause: Timer | undefined
      const end = (finish: () => void): void => {
        if (ticket.over) return
        ticket.over = true
        limit.clear()
        pause?.clear()
        finish()
        this.#ended(stop)
      }
      const stop = (error: JobboardError): void => end(() => reject(unanswered(errand, ticket, error)))
      const limit = this.#clock.setTimeout(() => stop(outOfTime(lastError, limitMs)), limitMs)
      // Async, so that a driver which throws instead of rejecting is no different from one that rejects.
      const attempt = async (): Promise<void> => {
        ticket.sends += 1
        try {
          const answer = await send(ticket)
          end(() => resolve(answer))
        } catch (error) {
          lastError = error
          ticket.doubtful ||= doneMaybe(error)
          // This send is answered: it counts by its doubt alone, also while the next one waits for its turn.
          ticket.sent = false
          if (!isOutage(error)) end(() => reject(refusal(errand, ticket, error)))
          else if (!ticket.over) pause = this.#clock.setTimeout(attempt, pauseBefore(ticket.sends))
        }
      }
      this.#underway.add(stop)
      void attempt()
    })
  }

  /** For calls of several steps: how much of the time limit is left, at least a moment, which is enough to say so. */
  countdown(): () => number {
    const until = this.#clock.monotonic() + this.#limitMs
    return () => Math.max(1, until - this.#clock.monotonic())
  }

  /** Resolves when nothing is under way; everything that is ends within its limit. */
  idle(): Promise<void> {
    return this.#underway.size === 0
      ? Promise.resolve()
      : new Promise(resolve => this.#whenIdle.push(resolve))
  }

  /** Bounds one call of a driver, which may hang (FAULT-1). */
  bounded<T>(call: Promise<T>, limitMs: number = this.sendLimitMs): Promise<T> {
    return new Promise((resolve, reject) => {
      const stop = (error: Error): void => end(() => reject(error))
      const timer = this.#clock.setTimeout(
        () => stop(new DriverError('unavailable', `no answer within ${limitMs} ms`)),
        limitMs,
      )
      const end = (finish: () => void): void => {
        timer.clear()
        this.#calls.delete(stop)
        finish()
      }
      this.#calls.add(stop)
      call.then(
        answer => end(() => resolve(answer)),
        error => end(() => reject(error)),
      )
    })
  }

  /**
   * Ends everything that is under way and refuses what comes later: after it no driver is called, and no timer of the
   * courier runs (FAULT-5). What was sent and not answered ends as unknown, the rest with `error`.
   */
  close(error: JobboardError): void {
    this.#closed = error
    for (const stop of [...this.#underway.values(), ...this.#calls.values()]) stop(error)
  }

  #ended(delivery: (error: JobboardError) => void): void {
    this.#underway.delete(delivery)
    if (this.#underway.size === 0) for (const idle of this.#whenIdle.splice(0)) idle()
  }
}

/** Words an error that left a driver for callers; errors of core pass unchanged. */
export function translate(error: unknown): JobboardError {
  if (error instanceof JobboardError) return error
  if (!isDriverError(error)) {
    const what = error instanceof Error ? error.message : String(error)
    return new DriverDefectError(`The driver failed in a way that it does not explain: ${what}`, {
      cause: error,
    })
  }
  const options = { cause: error }
  switch (error.kind) {
    case 'unavailable':
      return new UnavailableError(`The backend cannot be reached: ${error.message}`, options)
    case 'unauthenticated':
      return new AuthenticationError(error.message, options)
    case 'forbidden':
      return new PermissionDeniedError(error.message, options)
    case 'limit':
      return new LimitExceededError(error.message, options)
    case 'incompatible':
      return new IncompatibleBackendError(error.message, options)
  }
}

function outOfTime(lastError: unknown, limitMs: number): UnavailableError {
  const why = lastError instanceof Error ? lastError.message : 'no answer'
  const cause = lastError === undefined ? undefined : { cause: lastError }
  return new UnavailableError(`The backend did not answer within ${limitMs} ms: ${why}`, cause)
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
