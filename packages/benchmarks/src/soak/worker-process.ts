import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

/** A line of `jobboard work --json`, as far as the soak reads it. */
export interface WorkEvent {
  readonly event: 'claimed' | 'consumed' | 'abandoned' | 'trashed' | 'lost'
  readonly job: { readonly id: string; readonly fencingToken: string; readonly takeover: boolean }
}

/** An event, and when it had been heard. */
export interface Heard extends WorkEvent {
  /** Wall clock, milliseconds. */
  readonly at: number
}

/** A time in which a worker did not run; without `until` it never ran again. */
export interface Stop {
  readonly from: number
  readonly until?: number
}

/** How a worker ended: by itself with a status, or by a signal. */
export interface WorkerEnd {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
}

/** One `jobboard work` process, with everything that it told and everything that was done to it. */
export class WorkerProcess {
  /** Also the owner of its claims. */
  readonly name: string
  /** Nothing that it did was before. */
  readonly startedAt: number = Date.now()
  readonly heard: Heard[] = []
  readonly stops: Stop[] = []
  /** The last of what it wrote to stderr. */
  stderr = ''
  /** Resolves when it has ended and all that it wrote was read. */
  readonly ended: Promise<WorkerEnd>
  readonly #child: ChildProcessByStdio<null, Readable, Readable>
  #stoppedAt: number | undefined

  constructor(name: string, command: readonly string[]) {
    this.name = name
    const [program = '', ...args] = command
    this.#child = spawn(program, [...args, '--owner', name], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr = (this.stderr + text).slice(-4_000)
    })
    this.ended = this.#listen()
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  get stopped(): boolean {
    return this.#stoppedAt !== undefined
  }

  kill(): void {
    this.stops.push({ from: Date.now() })
    this.#child.kill('SIGKILL')
  }

  stop(): void {
    this.#stoppedAt = Date.now()
    this.#child.kill('SIGSTOP')
  }

  goOn(): void {
    if (this.#stoppedAt === undefined) return
    this.#child.kill('SIGCONT')
    this.stops.push({ from: this.#stoppedAt, until: Date.now() + 1 })
    this.#stoppedAt = undefined
  }

  async #listen(): Promise<WorkerEnd> {
    // What a killed process leaves running may hold its stderr open, but never its stdout.
    const exit = once(this.#child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
    for await (const line of createInterface({ input: this.#child.stdout })) this.#hear(line)
    const [status, signal] = await exit
    return { status, signal }
  }

  #hear(line: string): void {
    // A kill can cut a line off: what it was to say was never told.
    if (!line.endsWith('}')) return
    this.heard.push({ ...(JSON.parse(line) as WorkEvent), at: Date.now() + 1 })
  }
}
