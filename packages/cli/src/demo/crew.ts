import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { WorkerMessage } from './messages.js'

const script = fileURLToPath(new URL('./worker.js', import.meta.url))

/** A message, and who it is from. */
export type Heard = WorkerMessage & { readonly worker: WorkerProcess }

/** One worker process. */
export interface WorkerProcess {
  readonly owner: string
  readonly pid: number
  readonly signal: (signal: NodeJS.Signals) => void
}

type Listener = (heard: Heard) => void

/** The worker processes of the demo, and what they say. */
export class Crew {
  readonly #children = new Set<ChildProcess>()
  readonly #listeners = new Set<Listener>()
  readonly #over: AbortSignal

  /** @param over ends every wait, with its reason. */
  constructor(over: AbortSignal) {
    this.#over = over
  }

  start(owner: string, args: { readonly url: string; readonly log: string }): WorkerProcess {
    const child = spawn(process.execPath, [...process.execArgv, script, args.url, owner, args.log], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const worker: WorkerProcess = { owner, pid: child.pid ?? 0, signal: signal => child.kill(signal) }
    this.#children.add(child)
    child.once('exit', () => this.#children.delete(child))
    createInterface({ input: child.stdout }).on('line', line => {
      const heard: Heard = { ...(JSON.parse(line) as WorkerMessage), worker }
      for (const listener of [...this.#listeners]) listener(heard)
    })
    return worker
  }

  onHeard(listener: Listener): void {
    this.#listeners.add(listener)
  }

  /** The first message from now on that fits. */
  hear<H extends Heard>(fits: (heard: Heard) => heard is H): Promise<H>
  hear(fits: (heard: Heard) => boolean): Promise<Heard>
  hear(fits: (heard: Heard) => boolean): Promise<Heard> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => reject(this.#over.reason)
      const listener: Listener = heard => {
        if (!fits(heard)) return
        this.#listeners.delete(listener)
        this.#over.removeEventListener('abort', giveUp)
        resolve(heard)
      }
      this.#over.addEventListener('abort', giveUp, { once: true })
      this.#listeners.add(listener)
      if (this.#over.aborted) giveUp()
    })
  }

  /** Lets the workers end by themselves. */
  async dismiss(): Promise<void> {
    const children = [...this.#children]
    for (const child of children) child.stdin?.end()
    await Promise.all(
      children.map(child => this.#children.has(child) && once(child, 'exit', { signal: this.#over })),
    )
  }

  /** Ends what still runs, stopped ones too, and returns when it has ended. */
  async clear(): Promise<void> {
    const children = [...this.#children]
    for (const child of children) child.kill('SIGKILL')
    await Promise.all(children.map(child => this.#children.has(child) && once(child, 'exit')))
  }
}
