import type { Clock } from './clock.js'
import { type Bounded, Deadlines } from './deadlines.js'
import { Delivery, type Errand, type Ticket } from './delivery.js'
import { DriverError } from './driver/driver-error.js'
import type { JobboardError } from './errors.js'

/** A call of the driver that is waited for. */
interface Call extends Bounded {
  stop(error: unknown): void
}

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
  readonly #underway: Deadlines<Delivery>
  readonly #whenIdle: (() => void)[] = []
  readonly #calls: Deadlines<Call>
  #closed: JobboardError | undefined

  constructor(clock: Clock, requestTimeoutMs: number) {
    this.#clock = clock
    this.#limitMs = requestTimeoutMs
    this.sendLimitMs = Math.ceil(requestTimeoutMs * 0.4)
    this.#underway = new Deadlines(clock)
    this.#calls = new Deadlines(clock)
  }

  /** @throws UnavailableError, OutcomeUnknownError, or what the backend refused */
  deliver<T>(
    errand: Errand,
    send: (ticket: Ticket) => Promise<T>,
    limitMs: number = this.#limitMs,
  ): Promise<T> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed)
    return new Promise((resolve, reject) => {
      const recipient = { resolve: resolve as (answer: unknown) => void, reject, ended: this.#ended }
      const delivery = new Delivery(this.#clock, errand, send, limitMs, recipient)
      this.#underway.add(delivery)
      void delivery.attempt()
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
      const bound: Call = {
        stale: false,
        until: this.#clock.monotonic() + limitMs,
        expire: () => bound.stop(new DriverError('unavailable', `no answer within ${limitMs} ms`)),
        stop: error => {
          this.#calls.delete(bound)
          reject(error)
        },
      }
      this.#calls.add(bound)
      call.then(answer => {
        this.#calls.delete(bound)
        resolve(answer)
      }, bound.stop)
    })
  }

  /**
   * Ends everything that is under way and refuses what comes later: after it no driver is called, and no timer of the
   * courier runs (FAULT-5). What was sent and not answered ends as unknown, the rest with `error`.
   */
  close(error: JobboardError): void {
    this.#closed = error
    for (const delivery of this.#underway.values()) delivery.stop(error)
    for (const call of this.#calls.values()) call.stop(error)
  }

  readonly #ended = (delivery: Delivery): void => {
    this.#underway.delete(delivery)
    if (this.#underway.size === 0) for (const idle of this.#whenIdle.splice(0)) idle()
  }
}
