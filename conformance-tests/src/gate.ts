import type { Clock, DriverSink, JobboardDriver, Timer } from '@jobboard/core/driver'
import { intercept } from './intercept.js'

/** Holds back everything that goes in and out of a client in this process, while that client stands still. */
export class Gate {
  #shut = false
  #dead = false
  #held: (() => void)[] = []

  get isShut(): boolean {
    return this.#shut
  }

  shut(): void {
    this.#shut = true
  }

  /** Lets through what was held, in order. */
  open(): void {
    if (this.#dead) return
    this.#shut = false
    for (const deliver of this.#held.splice(0)) deliver()
  }

  /** Shuts for ever: what is held is never heard of again. */
  condemn(): void {
    this.#shut = true
    this.#dead = true
    this.#held.length = 0
  }

  /** Resolves when the gate is open. */
  async pass(): Promise<void> {
    while (this.#shut) await new Promise<void>(resolve => this.hold(resolve))
  }

  /** Delivers at once, or when the gate opens. */
  hold(deliver: () => void): void {
    if (!this.#shut) deliver()
    else if (!this.#dead) this.#held.push(deliver)
  }

  /** The driver behind this gate: calls, answers and pushes pass only while it is open. */
  guard(driver: JobboardDriver): JobboardDriver {
    return intercept(driver, {
      open: (proceed, sink, environment) => this.#passBoth(() => proceed(this.#hearing(sink), environment)),
      call: call => this.#passBoth(() => call.proceed()),
    })
  }

  async #passBoth<T>(proceed: () => Promise<T>): Promise<T> {
    await this.pass()
    try {
      return await proceed()
    } finally {
      await this.pass()
    }
  }

  #hearing(sink: DriverSink): DriverSink {
    return {
      changed: changes => this.hold(() => sink.changed(changes)),
      gap: () => this.hold(() => sink.gap()),
      doubt: () => this.hold(() => sink.doubt()),
      malformed: entry => this.hold(() => sink.malformed(entry)),
      trouble: error => this.hold(() => sink.trouble(error)),
    }
  }
}

/** A clock whose timers can be stopped. Time itself goes on, as it does for a process that was stopped. */
export interface StoppableClock extends Clock {
  freeze(): void
  /** Timers that came due fire now. */
  thaw(): void
}

/** The clock, with timers that can be stopped. */
export function stoppable(clock: Clock): StoppableClock {
  const gate = new Gate()
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    setTimeout(callback, delayMs) {
      let cleared = false
      const fire = (): void => {
        if (!cleared) callback()
      }
      const inner = clock.setTimeout(() => gate.hold(fire), delayMs)
      const timer: Timer = {
        clear() {
          cleared = true
          inner.clear()
        },
        unref() {
          inner.unref()
          return timer
        },
      }
      return timer
    },
    freeze: () => gate.shut(),
    thaw: () => gate.open(),
  }
}
