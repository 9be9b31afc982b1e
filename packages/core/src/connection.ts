import type { Courier } from './courier.js'
import type { BackendFacts, DriverEnvironment, DriverSink, JobboardDriver } from './driver/driver.js'
import { UnavailableError } from './errors.js'
import { translate } from './translate.js'

/** The driver of one board, opened once and closed once, in time whatever it does (FAULT-1). */
export class Connection {
  readonly #driver: JobboardDriver
  readonly #courier: Courier
  #opening: Promise<BackendFacts> | undefined
  #isOpen = false

  constructor(driver: JobboardDriver, courier: Courier) {
    this.#driver = driver
    this.#courier = courier
  }

  /**
   * Opens the driver. An opening that takes longer than its caller waits goes on, and the next call waits for the same one;
   * after a failure the next call tries anew.
   */
  async open(sink: DriverSink, environment: DriverEnvironment, limitMs: number): Promise<BackendFacts> {
    // Async, so that a driver which throws instead of rejecting is no different from one that rejects.
    const open = async (): Promise<BackendFacts> => this.#driver.open(sink, environment)
    this.#opening ??= open().catch(error => {
      this.#opening = undefined
      throw error
    })
    try {
      const facts = await this.#courier.bounded(this.#opening, limitMs)
      this.#isOpen = true
      return facts
    } catch (error) {
      throw translate(error)
    }
  }

  /** Resolves when no opening is under way. */
  async settled(): Promise<void> {
    await this.#opening?.catch(() => {})
  }

  /** @throws UnavailableError when the driver does not close in time. */
  async close(limitMs: number): Promise<void> {
    // An opening that nobody waited for any longer took something after all, which is released when it ends.
    if (!this.#isOpen) this.#opening?.then(() => this.#driver.close()).catch(() => {})
    const close = async (): Promise<void> => this.#driver.close()
    await this.#courier.bounded(close(), limitMs).catch(error => {
      const why = error instanceof Error ? error.message : error
      throw new UnavailableError(`The driver did not close: ${why}`, { cause: error })
    })
  }
}
