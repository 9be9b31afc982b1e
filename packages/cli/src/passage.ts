import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { passOn } from './output.js'

/** Somebody who left the process group can hold the stream open for ever; what comes after so long a silence is theirs. */
const silenceMs = 100

/**
 * What a command prints, on its way to one of the streams of this process and no faster than it is taken there.
 *
 * When nobody takes it any more it is read all the same: the command did nothing wrong, and must not die of a closed pipe.
 */
export class Passage {
  readonly #from: Readable
  readonly #done: Promise<void>
  #chunks = 0
  #waiting = false
  #ended = false

  constructor(from: Readable, to: 'stdout' | 'stderr', see: (chunk: Buffer) => void = () => {}) {
    this.#from = from
    this.#done = this.#run(to, see).finally(() => {
      this.#ended = true
    })
  }

  /**
   * Resolves when all that the command printed has been taken. Call it when the command has ended.
   *
   * A slow reader is waited for, unless there is `hurry`: it is the command's side that may have fallen silent for good.
   */
  async end(hurry: () => boolean): Promise<void> {
    let seen = Number.NaN
    while (!this.#ended && (this.#waiting ? !hurry() : seen !== this.#chunks)) {
      seen = this.#chunks
      await Promise.race([this.#done, sleep(silenceMs, undefined, { ref: false })])
    }
    this.#from.destroy()
  }

  async #run(to: 'stdout' | 'stderr', see: (chunk: Buffer) => void): Promise<void> {
    try {
      for await (const chunk of this.#from as AsyncIterable<Buffer>) {
        this.#chunks++
        see(chunk)
        this.#waiting = true
        await passOn(chunk, to)
        this.#waiting = false
      }
    } catch {
      // Cut short by `end`: there is nothing left that anybody waits for.
    }
  }
}
