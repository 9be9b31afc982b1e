import { ClientProcess } from './client-process.js'

/** Warm processes, used again by one case after the other: starting one is the dearest part of a short case. */
export class ProcessPool {
  readonly #all = new Set<ClientProcess>()
  readonly #idle: ClientProcess[] = []

  acquire(): ClientProcess {
    for (let warm = this.#idle.pop(); warm !== undefined; warm = this.#idle.pop()) {
      if (!warm.hasExited) return warm
    }
    const fresh = new ClientProcess()
    this.#all.add(fresh)
    return fresh
  }

  /** Takes back a process whose board was closed. */
  release(warm: ClientProcess): void {
    this.#idle.push(warm)
  }

  async discard(spent: ClientProcess): Promise<void> {
    this.#all.delete(spent)
    await spent.kill()
  }

  async close(): Promise<void> {
    await Promise.all([...this.#all].map(one => this.discard(one)))
  }
}
