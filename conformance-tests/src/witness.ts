import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Stall } from './stalls.js'
import { within } from './within.js'

export type Testimony = { readonly stall: Stall } | { readonly answered: number }

const answerLimitMs = 5_000

/**
 * An idle process beside the clients, which tells when the machine stood still. A driver can keep its own process from
 * running, and even the suite's, but not this one.
 */
export class Witness {
  readonly #child: ChildProcess
  readonly #stalls: Stall[] = []
  readonly #questions = new Map<number, () => void>()
  #asked = 0

  constructor() {
    this.#child = fork(fileURLToPath(new URL('./witness-main.js', import.meta.url)), {
      serialization: 'advanced',
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    this.#child.on('message', (testimony: Testimony) => this.#hear(testimony))
    // Without it nothing is excused, which its silence brings about anyway.
    this.#child.on('error', () => {})
    this.#child.unref()
    this.#child.channel?.unref()
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** Every time so far in which it did not run; none when it cannot be asked. */
  async stalls(): Promise<readonly Stall[]> {
    const id = ++this.#asked
    const answered = new Promise<void>(resolve => {
      this.#questions.set(id, resolve)
      this.#child.send(id, () => {})
    })
    await within(answerLimitMs, answered, () => 'no answer').catch(() => {})
    return this.#stalls
  }

  /** SIGKILL; resolves when it is gone. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = new Promise<void>(resolve => this.#child.once('exit', () => resolve()))
    if (this.#child.kill('SIGKILL')) await gone
  }

  #hear(testimony: Testimony): void {
    if ('stall' in testimony) this.#stalls.push(testimony.stall)
    else {
      this.#questions.get(testimony.answered)?.()
      this.#questions.delete(testimony.answered)
    }
  }
}
