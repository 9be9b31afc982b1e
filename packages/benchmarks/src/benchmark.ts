/** A question with figures for an answer. */
export interface Benchmark {
  /** For the command line. */
  readonly name: string
  readonly rows: readonly Row[]
  /** Measures so many times; each round gives one sample for each row. What it needs it makes first and removes at the end. */
  rounds(count: number, folder: string): AsyncIterable<readonly Sample[]>
}

/** One line of the table. */
export interface Row {
  readonly label: string
  readonly unit: Unit
  /** What stands beside ours: a bare loop, another size, a process that does nothing. */
  readonly reference?: string
  readonly target: Target
}

export type Unit = 'jobs/s' | 'µs' | 'ms' | '%'

/** What is promised of the figure itself, or of its ratio to the reference. */
export interface Target {
  readonly of: 'ours' | 'ratio'
  readonly is: 'at least' | 'at most'
  readonly limit: number
}

/** Both sides of one round. */
export interface Sample {
  readonly ours: number
  readonly reference?: number
}

/** A row with its samples, and the medians of both sides. */
export interface Result extends Row {
  readonly benchmark: string
  readonly samples: readonly Sample[]
  readonly oursMedian: number
  readonly referenceMedian?: number
  /** Of the medians. */
  readonly ratio?: number
  readonly met: boolean
}
