import type { JobState } from '@jobboard/core'

/** What a client did, or what happened to it. */
export type OperationKind =
  | 'post'
  | 'claim'
  | 'consume'
  | 'abandon'
  | 'trash'
  | 'forceRelease'
  | 'restore'
  | 'purge'
  | 'close'
  /** Reads and everything else that moves no job. */
  | 'other'
  /** The owner was told that its claim is lost: `claimId` names it. */
  | 'lost'
  /** The client did not run, by order of a test or because the machine was busy; no `end`: it never ran again. */
  | 'stopped'

/**
 * One operation of one client, as its caller saw it. Plain JSON: a recorder may write one a line, and the lines of
 * several recorders may be put together in any order.
 *
 * `start` was taken before the call, `end` after its answer, in milliseconds of one clock that all recorders share:
 * `historyNow()`, or the wall clock of one machine. So whatever happened at the backend happened in between.
 */
export interface Operation {
  readonly client: string
  readonly kind: OperationKind
  readonly start: number
  /** Absent when no answer ever came. */
  readonly end?: number
  /** `refused`: nothing was done. `unknown`: it may have been done, or may be done later. */
  readonly outcome: 'ok' | 'refused' | 'unknown'
  /** Of the error. */
  readonly code?: string
  readonly jobId?: string
  readonly claimId?: string
  /** In decimal; of a forced release the one that was named, absent where it was any. */
  readonly token?: string
  readonly scope?: string
  readonly owner?: string
  /** Where the job stood, as a post was told. */
  readonly state?: JobState
}

/**
 * The clock of histories: milliseconds, monotonic, the same for all processes of one machine where the system offers that
 * (Linux, macOS, Windows).
 */
export function historyNow(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** What an operation turned out to be about, once it was answered. */
export type Answered = Omit<Partial<Operation>, 'client' | 'kind' | 'start' | 'end' | 'outcome' | 'code'>

/** Records operations, those that were never answered included. */
export class History {
  /** Its clock: of the machine, so that processes share it, or one that goes with turned time. */
  readonly now: () => number
  readonly #operations: Operation[] = []
  readonly #running = new Set<Operation>()

  constructor(now: () => number = historyNow) {
    this.now = now
  }

  /** Everything so far; what runs still counts as unknown. */
  get operations(): readonly Operation[] {
    return [...this.#operations, ...this.#running]
  }

  /** What runs at this moment, for the message of a case that does not end. */
  get running(): readonly Operation[] {
    return [...this.#running]
  }

  /** Something that happened by itself. */
  note(operation: Operation): void {
    this.#operations.push(operation)
  }

  /** Runs and records one operation. `answered` reads the answer; what is known before stands in `begun`. */
  async record<T>(
    begun: Pick<Operation, 'client' | 'kind'> & Answered,
    run: () => Promise<T>,
    answered: (value: T) => Answered = () => ({}),
  ): Promise<T> {
    const running: Operation = { ...begun, start: this.now(), outcome: 'unknown' }
    this.#running.add(running)
    try {
      const value = await run()
      this.#end(running, { ...answered(value), outcome: 'ok' })
      return value
    } catch (error) {
      this.#end(running, outcomeOf(error))
      throw error
    }
  }

  #end(running: Operation, outcome: Partial<Operation> & Pick<Operation, 'outcome'>): void {
    this.#running.delete(running)
    this.#operations.push({ ...running, ...outcome, end: this.now() })
  }
}

/** One operation a line. */
export function formatHistory(operations: readonly Operation[]): string {
  return operations.map(operation => `${JSON.stringify(operation)}\n`).join('')
}

/** Reads what `formatHistory` and other recorders wrote. A last line that was cut off, as by a crash, is left out. */
export function parseHistory(text: string): readonly Operation[] {
  const lines = text.split('\n')
  lines.pop()
  return lines.map(line => JSON.parse(line) as Operation)
}

/** Errors after which it is open what was done. All others of a board promise that nothing was. */
const openEnded: ReadonlySet<unknown> = new Set([
  'JOBBOARD_OUTCOME_UNKNOWN',
  'JOBBOARD_DRIVER_DEFECT',
  // A call that a close overtook was perhaps on its way already.
  'JOBBOARD_CLOSED',
])

function outcomeOf(error: unknown): Pick<Operation, 'outcome' | 'code'> {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined
  if (typeof code !== 'string' || !code.startsWith('JOBBOARD_')) return { outcome: 'unknown' }
  return { outcome: openEnded.has(code) ? 'unknown' : 'refused', code }
}
