import { stripVTControlCharacters } from 'node:util'

const longest = 16 * 1024

/** Keeps the end of what a command printed. */
export class Tail {
  #kept: Buffer = Buffer.alloc(0)
  #cut = false

  add(chunk: Buffer): void {
    const all = Buffer.concat([this.#kept, chunk])
    this.#cut ||= all.length > longest
    this.#kept = all.subarray(-longest)
  }

  /** The last lines, at most so many, without colours and other control characters. */
  lines(most: number): readonly string[] {
    const lines = clean(this.#kept.toString('utf8')).split('\n')
    const whole = this.#cut ? lines.slice(1) : lines
    return whole.filter(line => line.trim() !== '').slice(-most)
  }
}

function clean(text: string): string {
  return stripVTControlCharacters(text).replace(/[^\P{Cc}\n\t]/gu, '')
}
