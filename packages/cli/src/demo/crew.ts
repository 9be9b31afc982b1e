import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { StorageAnswer, StorageRequest, WorkerMessage } from './messages.js'
import type { Storage } from './storage.js'

const script = fileURLToPath(new URL('./worker.js', import.meta.url))

/** A message, and who it is from; with the storage's answer, if it is for the storage. */
export type Heard = WorkerMessage & { readonly worker: WorkerProcess; readonly answer?: StorageAnswer }

/** One worker process. */
export interface WorkerProcess {
  readonly owner: string
  readonly pid: number
  readonly signal: (signal: NodeJS.Signals) => void
}

type Listener = (heard: Heard) => void

/** The worker processes of the demo, and what they say. */
export class Crew {
  readonly #storage: Storage
  readonly #children = new Set<ChildProcess>()
  /** Those that may end: they were told to. */
  readonly #released = new Set<ChildProcess>()
  readonly #listeners = new Set<Listener>()
  readonly #failed = new AbortController()
  readonly #over: AbortSignal

  /** @param over ends every wait, with its reason. */
  constructor(storage: Storage, over: AbortSignal) {
    this.#storage = storage
    this.#over = AbortSignal.any([over, this.#failed.signal])
  }

  start(owner: string, url: string): WorkerProcess {
    const child = fork(script, [url, owner], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    const worker: WorkerProcess = {
      owner,
      pid: child.pid ?? 0,
      signal: signal => this.#signal(child, signal),
    }
    this.#children.add(child)
    child.once('error', error => this.#fail(`Worker ${owner} cannot be started: ${error.message}`, child))
    child.once('exit', (status, signal) => this.#ended(owner, child, signal ?? `status ${status}`))
    child.on('message', message => this.#heard(message as WorkerMessage, worker, child))
    return worker
  }

  onHeard(listener: Listener): void {
    this.#listeners.add(listener)
  }

  /** The first message from now on that fits. Rejects when one is waited for in vain, since a worker has ended by itself. */
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
    for (const child of this.#children) {
      this.#released.add(child)
      child.disconnect()
    }
    await this.#gone(this.#over)
  }

  /** Ends what still runs, stopped ones too, and returns when it has ended. */
  async clear(): Promise<void> {
    for (const child of this.#children) this.#signal(child, 'SIGKILL')
    await this.#gone()
  }

  #signal(child: ChildProcess, signal: NodeJS.Signals): void {
    if (signal === 'SIGKILL') this.#released.add(child)
    child.kill(signal)
  }

  #heard(message: WorkerMessage, worker: WorkerProcess, child: ChildProcess): void {
    const answer = isRequest(message) ? { answer: this.#storage.answer(worker.owner, message) } : {}
    // To one that has died meanwhile there is nothing to say.
    if ('answer' in answer) child.send(answer.answer, () => {})
    const heard = { ...message, ...answer, worker }
    for (const listener of [...this.#listeners]) listener(heard)
  }

  #ended(owner: string, child: ChildProcess, how: string): void {
    this.#children.delete(child)
    if (!this.#released.has(child))
      this.#fail(`Worker ${owner} ended in the middle of the demo (${how})`, child)
  }

  #fail(message: string, child: ChildProcess): void {
    this.#children.delete(child)
    this.#failed.abort(new Error(message))
  }

  async #gone(signal?: AbortSignal): Promise<void> {
    const options = signal === undefined ? {} : { signal }
    await Promise.all([...this.#children].map(child => once(child, 'exit', options)))
  }
}

function isRequest(message: WorkerMessage): message is StorageRequest {
  return message.event === 'begin' || message.event === 'step'
}
