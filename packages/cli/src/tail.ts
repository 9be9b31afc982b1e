import type { Readable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'

const longest = 16 * 1024

/** Passes a stream on to stderr and keeps its end. */
export class Tail {
  #kept: Buffer = Buffer.alloc(0)
  #cut = false

  constructor(stream: Readable) {
    stream.on('data', (chunk: Buffer) => {
      process.stderr.write(chunk)
      this.#keep(chunk)
    })
  }

  /** The last lines, at most so many, without colours and other control characters. */
  lines(most: number): readonly string[] {
    const lines = clean(this.#kept.toString('utf8')).split('\n')
    const whole = this.#cut ? lines.slice(1) : lines
    return whole.filter(line => line.trim() !== '').slice(-most)
  }

  #keep(chunk: Buffer): void {
    const all = Buffer.concat([this.#kept, chunk])
    this.#cut ||= all.length > longest
    this.#kept = all.subarray(-longest)
  }
}

function clean(text: string): string {
  return stripVTControlCharacters(text).replace(/[^\P{Cc}\n\t]/gu, '')
}
