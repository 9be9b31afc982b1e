/** What a worker of the demo says to the demo. */
export type WorkerMessage =
  | { readonly event: 'ready' }
  | { readonly event: 'claimed'; readonly job: string; readonly token: string; readonly lostBy?: string }
  | StorageRequest
  | { readonly event: 'consumed'; readonly job: string; readonly token: string }
  /** The ending of a lost claim, refused in the worker's own process: its clocks say that the claim is over. */
  | { readonly event: 'too late'; readonly job: string; readonly token: string; readonly code: string }

/** What a worker asks of the storage that keeps finished steps, under the token of its claim. The next message answers it. */
export type StorageRequest =
  /** Which step was finished last? From now on lower tokens are refused. */
  | { readonly event: 'begin'; readonly job: string; readonly token: string; readonly of: number }
  | {
      readonly event: 'step'
      readonly job: string
      readonly token: string
      readonly step: number
      readonly of: number
    }

/** What the storage says to a worker. */
export type StorageAnswer =
  | { readonly accepted: true; readonly finished: number }
  /** The storage has seen a greater token. */
  | { readonly accepted: false; readonly newest: string }

/** How long a job of the demo takes; its details. */
export interface Effort {
  readonly steps: number
  readonly stepMs: number
}

/** Short, so that the demo need not wait long for an owner that died. */
export const sessionTtlMs = 2_000

/** It takes about a third of that; more means that something is wrong. */
export const longestMs = 60_000
