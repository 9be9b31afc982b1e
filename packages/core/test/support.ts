import type { Clock, JobboardDriver, Timer } from '@jobboard/core/driver'
import { FakeClock } from '@jobboard/memory'

/** The driver's members that a test may replace; each gets the real one, ready to be called. */
type Members = Omit<JobboardDriver, 'info' | 'read' | 'administer'> & {
  read(query: unknown): Promise<unknown>
  administer(order: unknown): Promise<unknown>
}
export type Tampering = {
  -readonly [M in keyof Members]?: (
    proceed: () => ReturnType<NonNullable<Members[M]>>,
    ...args: Parameters<NonNullable<Members[M]>>
  ) => unknown
}

/**
 * A driver with single members replaced, for what a real backend does not do on demand. `tampering` may be changed at
 * any time, and `calls` lists the members that core called, in order.
 */
export function tampered(
  driver: JobboardDriver,
  tampering: Tampering = {},
  calls: string[] = [],
): JobboardDriver {
  return new Proxy(driver, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key)
      if (typeof member !== 'function') return member
      return (...args: unknown[]): unknown => {
        calls.push(String(key))
        const proceed = (): unknown => member.apply(target, args)
        const instead = tampering[key as keyof Tampering] as ((...args: unknown[]) => unknown) | undefined
        return instead === undefined ? proceed() : instead(proceed, ...args)
      }
    },
  })
}

/** A fake clock whose wall clock and monotonic clock can be moved apart. */
export class SplitClock implements Clock {
  readonly time: FakeClock
  /** How much the wall clock is ahead of the time that passed. */
  wallAhead = 0
  /** How much the monotonic clock is ahead of the time that passed. */
  monotonicAhead = 0

  constructor(time: FakeClock = new FakeClock()) {
    this.time = time
  }

  now(): number {
    return this.time.now() + this.wallAhead
  }

  monotonic(): number {
    return this.time.monotonic() + this.monotonicAhead
  }

  setTimeout(callback: () => void, delayMs: number): Timer {
    return this.time.setTimeout(callback, delayMs)
  }

  advance(ms: number): Promise<void> {
    return this.time.advance(ms)
  }
}

/** A promise that the test settles, and that it can tell from one that is still open. */
export class Deferred<T> {
  readonly promise: Promise<T>
  resolve!: (value: T) => void
  reject!: (error: unknown) => void

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
  }
}

/** Where a promise stands after all that needs no time has run. */
export class Watched<T> {
  state: 'open' | 'done' | 'failed' = 'open'
  value: T | undefined
  error: unknown

  constructor(promise: Promise<T>) {
    promise.then(
      value => {
        this.state = 'done'
        this.value = value
      },
      error => {
        this.state = 'failed'
        this.error = error
      },
    )
  }
}
