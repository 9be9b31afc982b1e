import type { Clock } from './clock.js'
import type { JobChange } from './driver/records.js'

/** What wakes a sleeper: a job that may be claimable (of these names), or a change of one job that may be its end. */
export type WakeOn = { readonly names?: ReadonlySet<string> | undefined } | { readonly jobId: string }

/**
 * Where callers sleep until a look at the board is worth their while.
 *
 * They watch before they look and sleep afterwards, so nothing that happens in between is slept through (WATCH-2).
 */
export class Wakeups {
  readonly #clock: Clock
  /** Who waits for jobs. */
  readonly #watches = new Set<Watch>()
  /** Who waits for the end of one job, by its id: there may be one for every job. */
  readonly #byJob = new Map<string, Set<Watch>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  watch(on: WakeOn): Watch {
    const watches = 'jobId' in on ? this.#ofJob(on.jobId) : this.#watches
    const watch: Watch = new Watch(on, this.#clock, () => {
      watches.delete(watch)
      if ('jobId' in on && watches.size === 0 && this.#byJob.get(on.jobId) === watches)
        this.#byJob.delete(on.jobId)
    })
    watches.add(watch)
    return watch
  }

  /** One burst of changes wakes each sleeper once (WATCH-5). */
  changed(changes: readonly JobChange[]): void {
    for (const watch of [...this.#watches]) {
      if (changes.some(change => watch.concerns(change))) watch.wake()
    }
    for (const change of changes) {
      for (const watch of this.#byJob.get(change.jobId) ?? []) if (watch.concerns(change)) watch.wake()
    }
  }

  all(): void {
    for (const watches of [this.#watches, ...this.#byJob.values()]) for (const watch of watches) watch.wake()
  }

  #ofJob(jobId: string): Set<Watch> {
    const watches = this.#byJob.get(jobId) ?? new Set()
    this.#byJob.set(jobId, watches)
    return watches
  }
}

/** One caller's look-out, for one look and the sleep after it. */
export class Watch implements Disposable {
  readonly #on: WakeOn
  readonly #clock: Clock
  readonly #remove: () => void
  #woken = false
  #end: (() => void) | undefined

  constructor(on: WakeOn, clock: Clock, remove: () => void) {
    this.#on = on
    this.#clock = clock
    this.#remove = remove
  }

  /** Sleeps until woken, which may have happened already, for at most so long, or until the signal aborts; it never rejects. */
  sleep(forMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      if (this.#woken || signal?.aborted) return resolve()
      const end = (): void => {
        timer.clear()
        signal?.removeEventListener('abort', end)
        resolve()
      }
      const timer = this.#clock.setTimeout(end, Math.max(1, forMs))
      signal?.addEventListener('abort', end)
      this.#end = end
    })
  }

  wake(): void {
    this.#woken = true
    this.#end?.()
  }

  concerns(change: JobChange): boolean {
    if ('jobId' in this.#on) return change.jobId === this.#on.jobId && change.change !== 'claimed'
    if (change.change !== 'posted' && change.change !== 'released') return false
    const name = change.name ?? change.head?.name
    return this.#on.names === undefined || name === undefined || this.#on.names.has(name)
  }

  [Symbol.dispose](): void {
    this.#remove()
    this.#end?.()
  }
}
