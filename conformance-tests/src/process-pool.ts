import { ClientProcess } from './client-process.js'
import type { CrashError } from './crashes.js'

/** Warm processes, used again by one case after the other: starting one is the dearest part of a short case. */
export class ProcessPool {
  readonly #all = new Set<ClientProcess>()
  readonly #idle: ClientProcess[] = []
  readonly #users = new Map<ClientProcess, string>()
  readonly #onCrash: (caseId: string | undefined, crash: CrashError) => void

  /** `onCrash` is told of each process that ended though nobody had ordered it, with the case that used it last. */
  constructor(onCrash: (caseId: string | undefined, crash: CrashError) => void = () => {}) {
    this.#onCrash = onCrash
  }

  acquire(caseId: string): ClientProcess {
    const process = this.#warm() ?? this.#fresh()
    this.#users.set(process, caseId)
    return process
  }

  /** Takes back a process whose board was closed. What that left behind breaks it before it answers, or never. */
  async release(warm: ClientProcess): Promise<void> {
    if (await warm.answers()) this.#idle.push(warm)
    else await this.discard(warm)
  }

  async discard(spent: ClientProcess): Promise<void> {
    this.#all.delete(spent)
    await spent.kill()
  }

  #warm(): ClientProcess | undefined {
    for (let warm = this.#idle.pop(); warm !== undefined; warm = this.#idle.pop()) {
      if (!warm.hasExited) return warm
    }
    return undefined
  }

  #fresh(): ClientProcess {
    const fresh: ClientProcess = new ClientProcess(crash => this.#onCrash(this.#users.get(fresh), crash))
    this.#all.add(fresh)
    return fresh
  }

  async close(): Promise<void> {
    await Promise.all([...this.#all].map(one => this.discard(one)))
  }
}
