import { WorkerProcess } from './worker-process.js'

/** The workers that are to run; each one that is killed is replaced, until they find the board empty. */
export class Crew {
  /** All that ever ran. */
  readonly workers: WorkerProcess[] = []
  /** What ended otherwise than by being killed or by having nothing left to do. */
  readonly failures: string[] = []
  readonly #command: readonly string[]
  readonly #posts: Promise<void>[]
  #dismissed = false

  constructor(size: number, command: readonly string[]) {
    this.#command = command
    this.#posts = Array.from({ length: size }, (_, post) => this.#keepFilled(post + 1))
  }

  get running(): readonly WorkerProcess[] {
    return this.workers.filter(worker => worker.running)
  }

  /** Resolves when the last worker has gone home. */
  async done(): Promise<void> {
    await Promise.all(this.#posts)
  }

  /** Kills all and replaces none. */
  dismiss(): void {
    this.#dismissed = true
    for (const worker of this.running) worker.kill()
  }

  async #keepFilled(post: number): Promise<void> {
    for (let turn = 1; !this.#dismissed; turn++) {
      const worker = new WorkerProcess(`worker-${post}.${turn}`, this.#command)
      this.workers.push(worker)
      const { status, signal } = await worker.ended
      if (status === 0) return
      if (signal === 'SIGKILL') continue
      this.failures.push(`${worker.name} ended with ${signal ?? `status ${status}`}: ${worker.stderr}`)
      return
    }
  }
}
