import type { JobboardDriver } from '@jobboard/core/driver'
import {
  type Channel,
  type ClientSettings,
  callVerb,
  openVerbs,
  type VerbAnswer,
  type VerbArgs,
  type VerbName,
} from './channel.js'
import type { ClientNote, ClientVerbs } from './client-verbs.js'
import { Gate, type StoppableClock } from './gate.js'
import { StallWatch } from './stalls.js'
import type { WorldTime } from './world-time.js'

/**
 * A client in this process. It stands still when its timers are stopped and its traffic is held: requests, answers, pushes,
 * and what the case asks of it. It dies when that lasts for ever.
 */
export class LocalClient implements Channel {
  readonly pid: number = process.pid
  readonly #driver: JobboardDriver
  readonly #verbs: ClientVerbs
  readonly #gate: Gate
  readonly #clock: StoppableClock
  readonly #time: WorldTime
  readonly #stalls: StallWatch | undefined
  #closing = false
  #closed = false

  private constructor(
    driver: JobboardDriver,
    verbs: ClientVerbs,
    gate: Gate,
    clock: StoppableClock,
    time: WorldTime,
    stalls: StallWatch | undefined,
  ) {
    this.#driver = driver
    this.#verbs = verbs
    this.#gate = gate
    this.#clock = clock
    this.#time = time
    this.#stalls = stalls
  }

  static async open(
    driver: JobboardDriver,
    settings: ClientSettings,
    time: WorldTime,
    tell: (note: ClientNote) => void,
  ): Promise<LocalClient> {
    const gate = new Gate()
    const clock = time.clientClock()
    const guard = (faulty: JobboardDriver): JobboardDriver => gate.guard(faulty)
    const verbs = await time.during(openVerbs(driver, settings, tell, { clock, guard }))
    const stalls = time.isReal ? new StallWatch(stall => tell({ note: 'stalled', ...stall })) : undefined
    return new LocalClient(driver, verbs, gate, clock, time, stalls)
  }

  async call<V extends VerbName>(verb: V, ...args: VerbArgs<V>): Promise<VerbAnswer<V>> {
    await this.#gate.pass()
    this.#closing ||= verb === 'close'
    try {
      return await this.#time.during(callVerb(this.#verbs, verb, args))
    } finally {
      await this.#gate.pass()
      if (verb === 'close') this.#closed = true
    }
  }

  async freeze(): Promise<void> {
    this.#clock.freeze()
    this.#gate.shut()
  }

  async thaw(): Promise<void> {
    // As in a process that wakes up: the timers that are due come before what arrived meanwhile.
    this.#clock.thaw()
    this.#gate.open()
  }

  async kill(): Promise<void> {
    this.#clock.freeze()
    this.#gate.condemn()
  }

  async ended(): Promise<boolean> {
    return this.#closed
  }

  /** Closes the bare driver of a client that never closed: that releases what it took, and ends no session. */
  async dispose(): Promise<void> {
    this.#stalls?.stop()
    if (this.#closing) return
    await this.kill()
    await this.#driver.close()
  }
}
