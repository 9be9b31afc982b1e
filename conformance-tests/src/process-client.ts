import type { Channel, VerbAnswer, VerbArgs, VerbName } from './channel.js'
import type { ClientProcess } from './client-process.js'
import type { ProcessPool } from './process-pool.js'

/** A client in a process of its own. */
export class ProcessClient implements Channel {
  readonly #pool: ProcessPool
  readonly #process: ClientProcess
  #letGo = false

  constructor(pool: ProcessPool, process: ClientProcess) {
    this.#pool = pool
    this.#process = process
  }

  get pid(): number {
    return this.#process.pid
  }

  call<V extends VerbName>(verb: V, ...args: VerbArgs<V>): Promise<VerbAnswer<V>> {
    return this.#process.call(verb, ...args)
  }

  freeze(): Promise<void> {
    return this.#process.stop()
  }

  async thaw(): Promise<void> {
    this.#process.continue()
  }

  kill(): Promise<void> {
    return this.#process.kill()
  }

  async ended(): Promise<boolean> {
    this.#letGo = true
    this.#process.letGo()
    if (this.#process.hasExited && this.#process.status !== 0) {
      throw new Error(`the client's process ended with ${this.#process.status}\n${this.#process.errorOutput}`)
    }
    return this.#process.hasExited
  }

  async dispose(clean: boolean): Promise<void> {
    if (clean && !this.#letGo && !this.#process.hasExited) await this.#pool.release(this.#process)
    else await this.#pool.discard(this.#process)
  }
}
