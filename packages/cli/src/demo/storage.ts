import { appendFileSync, readFileSync } from 'node:fs'
import type { StorageAnswer, StorageRequest } from './messages.js'

/** A finished step, as a line of the storage's file. */
export interface StepLine {
  readonly job: string
  readonly owner: string
  readonly token: string
  readonly step: number
}

/**
 * Where the workers of the demo keep finished steps: a file, in a process that is none of theirs.
 *
 * It fences: it remembers the greatest token that it has seen for each job and refuses lower ones. Only the receiving side
 * can do so, since a worker that stood still does not know how late it is.
 */
export class Storage {
  readonly #file: string
  readonly #newest = new Map<string, bigint>()
  readonly #finished = new Map<string, number>()

  constructor(file: string) {
    this.#file = file
    appendFileSync(file, '')
  }

  /** Checking the token and writing the step is one step here: nothing else runs in between. */
  answer(owner: string, request: StorageRequest): StorageAnswer {
    const { job, token } = request
    const newest = this.#newest.get(job) ?? 0n
    if (BigInt(token) < newest) return { accepted: false, newest: `${newest}` }
    this.#newest.set(job, BigInt(token))
    if (request.event === 'step') this.#write({ job, owner, token, step: request.step })
    return { accepted: true, finished: this.#finished.get(job) ?? 0 }
  }

  /** What the file says. */
  lines(): readonly StepLine[] {
    const lines = readFileSync(this.#file, 'utf8').split('\n')
    return lines.filter(line => line !== '').map(line => JSON.parse(line) as StepLine)
  }

  #write(line: StepLine): void {
    appendFileSync(this.#file, `${JSON.stringify(line)}\n`)
    this.#finished.set(line.job, line.step)
  }
}
