import { setTimeout as sleep } from 'node:timers/promises'

/** Groups that run now. Whatever ends this process in an orderly way takes them along; `kill -9` cannot. */
const running = new Set<number>()

process.on('exit', () => {
  for (const group of running) signalGroup(group, 'SIGKILL')
})

/** A command and all that it started, unless that made a process group of its own. */
export class ProcessGroup {
  readonly #id: number
  #ending: Promise<void> | undefined

  /** @param id the pid of a child that was started `detached`, which makes it the leader of its group. */
  constructor(id: number) {
    this.#id = id
    running.add(id)
  }

  /**
   * SIGTERM to the whole group, then SIGKILL to what is left of it a second later.
   *
   * Resolves when nothing is left. Call it also when the leader has ended by itself: what it started may still run.
   */
  end(): Promise<void> {
    this.#ending ??= this.#end().finally(() => running.delete(this.#id))
    return this.#ending
  }

  async #end(): Promise<void> {
    if (!signalGroup(this.#id, 'SIGTERM')) return
    const deadline = performance.now() + killAfterMs
    while (performance.now() < deadline) {
      await sleep(lookEveryMs)
      if (!signalGroup(this.#id, 0)) return
    }
    signalGroup(this.#id, 'SIGKILL')
  }
}

/** Short, because after a lost claim somebody else may begin with the same job. */
const killAfterMs = 1_000
const lookEveryMs = 20

/** Whether there was a process to signal. An id is not reused while its group has a member. */
function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-group, signal)
  } catch {
    return false // Nobody is left, or (macOS) only what has ended and was not waited for yet.
  }
}
