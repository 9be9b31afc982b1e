/** What a worker of the demo prints, one JSON object a line. */
export type WorkerMessage =
  | { readonly event: 'ready' }
  | { readonly event: 'claimed'; readonly job: string; readonly token: string; readonly lostBy?: string }
  | {
      readonly event: 'step'
      readonly job: string
      readonly token: string
      readonly step: number
      readonly of: number
    }
  | { readonly event: 'consumed'; readonly job: string; readonly token: string }
  | { readonly event: 'refused'; readonly job: string; readonly token: string; readonly code: string }

/** A line of the log in which workers note finished work while they hold the claim. */
export interface LogLine {
  readonly job: string
  readonly owner: string
  readonly token: string
}

/** How long a job of the demo takes; its details. */
export interface Effort {
  readonly steps: number
  readonly stepMs: number
}

/** Short, so that the demo need not wait long for an owner that died. */
export const sessionTtlMs = 2_000
