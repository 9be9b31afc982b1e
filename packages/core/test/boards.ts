import { Jobboard, type JobboardOptions } from '@jobboard/core'
import { FakeClock, MemoryBackend, memory } from '@jobboard/memory'
import { onTestFinished } from 'vitest'
import { type Tampering, tampered } from './support.js'

/** Boards on one backend, on a clock that the test turns; closed when the test is over. */
export class Boards {
  readonly clock = new FakeClock()
  readonly backend = new MemoryBackend(this.clock)
  /** What the driver of the boards that `connect` makes does instead. */
  readonly tampering: Tampering = {}
  /** What core called there. */
  readonly calls: string[] = []
  readonly #boards: Jobboard[] = []

  constructor() {
    onTestFinished(async () => {
      for (const key of Object.keys(this.tampering)) delete this.tampering[key as keyof Tampering]
      const closing = Promise.all(this.#boards.map(board => board.close()))
      await this.clock.advance(60_000)
      await closing
    })
  }

  connect(options: JobboardOptions = {}, { claimNext = true } = {}): Promise<Jobboard> {
    const driver = tampered(memory({ backend: this.backend, claimNext }), this.tampering, this.calls)
    return this.#add(new Jobboard(driver, { clock: this.clock, ...options }))
  }

  /** On the same backend, with a driver that nobody tampers with. */
  neighbour(options: JobboardOptions = {}): Promise<Jobboard> {
    return this.#add(new Jobboard(memory({ backend: this.backend }), { clock: this.clock, ...options }))
  }

  sleep(ms: number): Promise<void> {
    return new Promise(resolve => this.clock.setTimeout(resolve, ms))
  }

  #add(board: Jobboard): Promise<Jobboard> {
    this.#boards.push(board)
    return board.connect()
  }
}

export const hang = (): Promise<never> => new Promise(() => {})
