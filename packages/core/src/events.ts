import type { ChangeReason, MalformedEntry } from './driver/records.js'
import type { JobboardError } from './errors.js'

/** A change of one job (WATCH-1). */
export interface JobEvent {
  readonly jobId: string
  /** Set for `released` and `removed`, `unknown` when the record does not show it; and `restored` for a job from the trash. */
  readonly why?: ChangeReason | 'unknown'
  /** The owner of the claim that began or ended, where the backend tells. */
  readonly owner?: string
  /** When this board learned of it. */
  readonly at: Date
}

/**
 * What a board tells its listeners. Every payload is one object, to which fields may be added.
 *
 * Job events tell where a job stands: its latest lasting change arrives at least once and never goes back; what was
 * undone before it could be seen may be merged.
 */
export interface JobboardEvents {
  /** A job was posted, or restored from the trash (`why: 'restored'`). */
  posted: JobEvent
  /** A job was claimed. */
  claimed: JobEvent
  /** A claim ended and the job is on the board: `abandoned`, `lost`, `forced` or `closed`. */
  released: JobEvent
  /** A job left the board: `consumed` or `trashed`. */
  removed: JobEvent
  /** Changes may have been missed; everything that somebody waits for was looked at again (WATCH-2). */
  resynced: { readonly at: Date }
  /** An entry that does not parse was met and skipped (LIST-5). */
  malformed: MalformedEntry
  /** A claim of this board was lost; its signal has aborted with `error`. */
  claimLost: { readonly jobId: string; readonly owner: string; readonly error: JobboardError }
  /** The session of this board ended before the board was closed. The next claim opens a new one. */
  sessionLost: { readonly sessionId: string; readonly at: Date }
  /** Trouble that no caller learns of otherwise: a listener that threw, a renewal that failed. */
  error: { readonly error: Error; readonly during: string }
}

/** What `board.on` takes. */
export type JobboardEventName = keyof JobboardEvents
