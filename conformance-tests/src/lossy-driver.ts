import {
  type BackendFacts,
  type Clock,
  DriverError,
  type DriverSink,
  type Ending,
  type JobboardDriver,
  type Order,
  systemClock,
} from '@jobboard/core/driver'
import { type DriverCall, type DriverMember, intercept } from './intercept.js'

/**
 * What a fault can strike. `consume`, `abandon` and `trash` are `settle` calls with an ending of that kind; a `settle`
 * that carries wishes is a `claimNext` too. `force`, `restore`, `purge` and `announce` are `administer` calls. `any` is every
 * member but `open` and `close`.
 */
export type FaultMember = DriverMember | Ending['how'] | Order['kind'] | 'open' | 'any'

/** One kind of trouble between core and a driver, and the calls that it strikes. */
export type Fault = {
  /** Boards on backends that cannot choose claim by `claim`: name both to strike `claimNext` on every driver. */
  readonly member: FaultMember | readonly FaultMember[]
  /** How many calls it strikes. @default 1, and for `down` every call until the fault is lifted */
  readonly times?: number
  /** Matching calls that pass unharmed before. @default 0 */
  readonly skip?: number
} & FaultKind

export type FaultKind =
  /** The driver does it; the caller is told `unavailable`, maybe done. */
  | { readonly kind: 'lostReply' }
  /** The driver never hears of it; the caller is told `unavailable`, maybe done. */
  | { readonly kind: 'lostRequest' }
  /**
   * The caller is told `unavailable`, maybe done, at once; the driver hears of it later: after so many further calls of
   * any member, or when it is released.
   */
  | { readonly kind: 'lateArrival'; readonly afterCalls?: number }
  /** The driver does it twice, one after the other; the caller gets the second answer. */
  | { readonly kind: 'doubled' }
  /**
   * The caller never hears again, and gives up when its time is over. The driver never hears of it, does it (`done: true`), or
   * hears of it when late requests are released (`done: 'later'`).
   */
  | { readonly kind: 'hang' /** @default false */; readonly done?: boolean | 'later' }
  /** The driver does the first half of a batch, of a single entry all; the caller is told `unavailable`, maybe done. */
  | { readonly kind: 'half' }
  /** The caller is told `unavailable`, not done. While everything (`any`) is down no push arrives; lifting it is a gap. */
  | { readonly kind: 'down' }
  /** The driver hears of it so much later. */
  | { readonly kind: 'slow'; readonly ms: number }

/** A driver that loses, delays and repeats what it is told to, and counts its calls. */
export interface LossyDriver extends JobboardDriver {
  readonly faults: Faults
}

/**
 * Wraps any driver, so that faults can be put between it and its board.
 *
 * Without faults every call passes unchanged. Each call is struck by the first fault that fits it, and by no second one.
 */
export function lossy(driver: JobboardDriver, faults: readonly Fault[] = []): LossyDriver {
  const control = new Faults(faults, driver)
  const wrapped = intercept(driver, {
    open: (proceed, sink, environment) => control.open(proceed, sink, environment),
    call: call => control.call(call),
    close: proceed => control.close(proceed),
  })
  return new Proxy(wrapped, {
    get: (target, member) => (member === 'faults' ? control : Reflect.get(target, member)),
  }) as LossyDriver
}

/** What strikes a driver, now and from now on. */
export class Faults {
  readonly #armed: Armed[]
  readonly #driver: JobboardDriver | undefined
  readonly #calls = new Map<DriverMember, number>()
  #late: LateRequest[] = []
  #clock: Clock = systemClock
  #sink: DriverSink | undefined
  #closed = false

  constructor(faults: readonly Fault[] = [], driver?: JobboardDriver) {
    this.#armed = faults.map(arm)
    this.#driver = driver
  }

  /** Arms one more fault. Faults strike in the order in which they were armed. */
  add(fault: Fault): void {
    this.#armed.push(arm(fault))
  }

  /** Strikes still to come; faults without an end do not count. */
  get left(): number {
    return this.#armed.reduce((sum, { strikes }) => sum + (Number.isFinite(strikes) ? strikes : 0), 0)
  }

  /** How often each member was called so far, struck calls included. */
  get calls(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#calls)
  }

  /** Takes every fault away. Late requests stay on their way, and calls that hang go on hanging. */
  lift(): void {
    const wasDeaf = this.#deaf
    this.#armed.length = 0
    if (wasDeaf) this.#sink?.gap()
  }

  /** Lets late requests arrive, and waits until the driver has answered them. */
  async releaseLate(): Promise<void> {
    await Promise.all(this.#late.splice(0).map(request => this.#arrive(request)))
  }

  /** @internal */
  async open(
    proceed: JobboardDriver['open'],
    ...[sink, environment]: Parameters<JobboardDriver['open']>
  ): Promise<BackendFacts> {
    this.#clock = environment.clock
    this.#sink = sink
    const opening = () => proceed(this.#hearing(sink), environment)
    return this.#strike(['open'], opening, opening)
  }

  /** @internal */
  async call<T>(call: DriverCall<T>): Promise<T> {
    this.#calls.set(call.member, (this.#calls.get(call.member) ?? 0) + 1)
    await this.#callLate()
    return this.#strike(namesOf(call), call.proceed, () => this.#proceedByHalf(call))
  }

  /** @internal */
  close(proceed: () => Promise<void>): Promise<void> {
    this.#closed = true
    return proceed()
  }

  async #strike<T>(
    names: readonly FaultMember[],
    proceed: () => Promise<T>,
    proceedByHalf: () => Promise<unknown>,
  ): Promise<T> {
    const fault = this.#take(names)
    switch (fault?.kind) {
      case undefined:
        return proceed()
      case 'lostReply':
        await proceed()
        throw lost('the reply was lost')
      case 'lostRequest':
        throw lost('the request was lost')
      case 'lateArrival':
        this.#late.push(lateRequest(proceed, fault.afterCalls))
        throw lost('the request is late')
      case 'doubled':
        await proceed()
        return proceed()
      case 'half':
        await proceedByHalf()
        throw lost('the request broke off halfway')
      case 'hang':
        if (fault.done === true) void proceed().catch(() => {})
        if (fault.done === 'later') this.#late.push(lateRequest(proceed))
        return new Promise<never>(() => {})
      case 'down':
        throw new DriverError('unavailable', 'the backend is down, by order of a test', { done: 'no' })
      case 'slow':
        await new Promise<void>(resolve => this.#clock.setTimeout(resolve, fault.ms))
        return proceed()
    }
  }

  /** Has the driver do what of the call stands in its first half. */
  async #proceedByHalf<T>(call: DriverCall<T>): Promise<void> {
    const member: unknown = this.#driver && Reflect.get(this.#driver, call.member)
    if (typeof member !== 'function') throw new TypeError(`nothing of a call of ${call.member} can be done`)
    await member.apply(this.#driver, halfOf(call.args))
  }

  /** The first fault that fits a call, with one of its strikes used. */
  #take(names: readonly FaultMember[]): Fault | undefined {
    const armed = this.#armed.find(({ fault, strikes }) => strikes > 0 && fits(fault, names))
    if (armed === undefined) return undefined
    if (armed.skips > 0) {
      armed.skips -= 1
      return undefined
    }
    const wasDeaf = this.#deaf
    armed.strikes -= 1
    if (wasDeaf && !this.#deaf) this.#sink?.gap()
    return armed.fault
  }

  /** One more call was made: requests that waited for it arrive first. */
  async #callLate(): Promise<void> {
    for (const request of this.#late) request.callsToGo -= 1
    const due = this.#late.filter(request => request.callsToGo < 0)
    this.#late = this.#late.filter(request => request.callsToGo >= 0)
    for (const request of due) await this.#arrive(request)
  }

  /** Nobody waits for the answer any more; after `close` the driver is not called. */
  async #arrive({ arrive }: LateRequest): Promise<void> {
    if (!this.#closed) await arrive().catch(() => {})
  }

  get #deaf(): boolean {
    return this.#armed.some(
      ({ fault, strikes }) => strikes > 0 && fault.kind === 'down' && fits(fault, ['any']),
    )
  }

  #hearing(sink: DriverSink): DriverSink {
    const unless = <A extends readonly unknown[]>(tell: (...args: A) => void) => {
      return (...args: A): void => {
        if (!this.#deaf) tell(...args)
      }
    }
    return {
      changed: unless(changes => sink.changed(changes)),
      gap: unless(() => sink.gap()),
      doubt: unless(() => sink.doubt()),
      malformed: entry => sink.malformed(entry),
      trouble: error => sink.trouble(error),
    }
  }
}

interface Armed {
  readonly fault: Fault
  strikes: number
  skips: number
}

interface LateRequest {
  readonly arrive: () => Promise<unknown>
  callsToGo: number
}

function arm(fault: Fault): Armed {
  const strikes = fault.times ?? (fault.kind === 'down' ? Number.POSITIVE_INFINITY : 1)
  return { fault, strikes, skips: fault.skip ?? 0 }
}

function lateRequest(arrive: () => Promise<unknown>, callsToGo = Number.POSITIVE_INFINITY): LateRequest {
  return { arrive, callsToGo }
}

/** The arguments with only the first half of their entries: of endings with wishes, none of these. */
function halfOf(args: readonly unknown[]): readonly unknown[] {
  const batch = args.findIndex(Array.isArray)
  if (batch < 0) return args
  const entries = args[batch] as readonly unknown[]
  return [...args.slice(0, batch), entries.slice(0, Math.ceil(entries.length / 2))]
}

function fits(fault: Fault, names: readonly FaultMember[]): boolean {
  const struck = Array.isArray(fault.member) ? fault.member : [fault.member]
  return names.some(name => struck.includes(name))
}

/** Everything that a call is, in the words of `FaultMember`. */
function namesOf({ member, args }: DriverCall<unknown>): FaultMember[] {
  if (member === 'administer') return [member, 'any', (args[0] as Order).kind]
  if (member !== 'settle') return [member, 'any']
  const [, endings, wishes] = args as Parameters<JobboardDriver['settle']>
  const hows = endings.map(ending => ending.how)
  return [member, 'any', ...hows, ...(wishes === undefined ? [] : (['claimNext'] as const))]
}

function lost(how: string): DriverError {
  return new DriverError('unavailable', `${how}, by order of a test`, { done: 'maybe' })
}
