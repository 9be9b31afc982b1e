import { AsyncLocalStorage } from 'node:async_hooks'

/** FAULT-5: something went wrong that nobody handled, or a process ended that nobody ended. */
export class CrashError extends Error {
  override readonly name = 'CrashError'
}

/** Which case was the undoing of what. A crash may be heard of when its case is long over, so they are kept here. */
export class Crashes {
  readonly #byCase = new Map<string, CrashError>()
  readonly #strays: CrashError[] = []
  readonly #current = new AsyncLocalStorage<string>()
  #listening = false

  /** Hears of everything that nobody handles in this process. Without a listener it would end the run unreported. */
  listen(): void {
    this.#listening = true
    process.on('uncaughtException', this.#hear)
    process.on('unhandledRejection', this.#hear)
  }

  stopListening(): void {
    this.#listening = false
    process.off('uncaughtException', this.#hear)
    process.off('unhandledRejection', this.#hear)
  }

  /** What goes wrong in this process because of `task` is laid to this case. */
  during<T>(caseId: string, task: () => Promise<T>): Promise<T> {
    return this.#listening ? this.#current.run(caseId, task) : task()
  }

  /** The first one of a case counts: others may follow from it. */
  note(caseId: string | undefined, crash: CrashError): void {
    if (caseId === undefined) this.#strays.push(crash)
    else if (!this.#byCase.has(caseId)) this.#byCase.set(caseId, crash)
  }

  of(caseId: string): CrashError | undefined {
    return this.#byCase.get(caseId)
  }

  /** Those that no case can be blamed for. */
  get strays(): readonly CrashError[] {
    return this.#strays
  }

  /** Rejects a run in which something crashed that no result tells of: when it had passed, or of no case at all. */
  check(passed: ReadonlySet<string>): void {
    const untold = [...this.#byCase].filter(([id]) => passed.has(id)).map(([, crash]) => crash)
    const all = [...untold, ...this.#strays]
    if (all.length > 0) throw new AggregateError(all, all.map(({ message }) => message).join('\n'))
  }

  readonly #hear = (thrown: unknown): void => {
    const text = thrown instanceof Error ? thrown.message : String(thrown)
    const crash = new CrashError(`an error that nobody handled would have ended this process: ${text}`, {
      cause: thrown,
    })
    this.note(this.#current.getStore(), crash)
  }
}
