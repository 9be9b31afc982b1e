import type { Priority } from '../priority.js'

/** The logbook that a job refers to. The board keeps only its name and id; the book itself lives in a persistence. */
export interface BookRef {
  readonly uuid: string
  readonly name: string
}

/**
 * A new job, checked and complete, as core hands it to a driver.
 *
 * Its content never changes. A driver stores `details` so that the same text comes back, also after a trash and a restore.
 */
export interface Posting {
  /** Unique on the board; 1 to 255 characters, a UUID unless the caller chose otherwise. */
  readonly id: string
  /** 1 to 255 characters, not unique. */
  readonly name: string
  readonly priority: Priority
  /** JSON text of an object; `{}` when the caller gave none. */
  readonly details: string
  readonly book?: BookRef
  /** Hash of name, details, priority and book (`contentHash`): tells "the same again" from a conflict (POST-3). */
  readonly hash: string
  /** How long after the backend's now the job becomes claimable; 0 for at once. */
  readonly delayMs: number
}

/** A job as it stands at the backend, read in one consistent look. */
export interface JobRecord {
  readonly id: string
  readonly name: string
  readonly priority: Priority
  /** JSON text, as it was posted. */
  readonly details: string
  readonly book?: BookRef
  /** Milliseconds since 1970, by the backend's clock at posting. A restore keeps it. */
  readonly createdOn: number
  /** The place in the order of posting at the backend: smaller is older. A restore gives a new one. */
  readonly order: bigint
  /** Claims so far, counting the current one. */
  readonly attempts: number
  /** Endings as failed, and losses. */
  readonly failures: number
  /** Claims that were lost: expired or forced. */
  readonly losses: number
  /** Who lost the job last, when it was lost since it was posted or restored. */
  readonly lostBy?: LostClaim
  /**
   * Whether somebody's unfinished work is continued: for a claimed job, that its claim is a takeover; for an
   * unclaimed one, that the next claim will be.
   */
  readonly takeover: boolean
  readonly standing: Standing
}

/** Where a job stands; a consumed one stands nowhere. */
export type Standing =
  | {
      readonly state: 'UNCLAIMED' /** Set while the job is delayed: milliseconds since 1970. */
      readonly availableAt?: number
    }
  | { readonly state: 'CLAIMED'; readonly owner: string; readonly token: bigint }
  | {
      readonly state: 'TRASHED'
      readonly reason: string
      readonly error?: string
      readonly owner: string
      readonly at: number
    }

/** The last owner of a job whose claim ended before the owner ended it. */
export interface LostClaim {
  readonly owner: string
  /** When the backend counted it as lost, milliseconds since 1970. For a claim that expired: the end of its session. */
  readonly at: number
  /** `expired`: its session ended; `forced`: an operator released it; `closed`: its board was closed (no loss). */
  readonly cause: 'expired' | 'forced' | 'closed'
  /** What the operator said who forced it. */
  readonly reason?: string
}

/** A participant that is announced on a board while its session lives (ENTITY-1). */
export interface Entity {
  /** What it is, for example `conductor`. */
  readonly kind: string
  /** Unique within its kind. */
  readonly name: string
  /** What JSON can carry. */
  readonly metadata: Readonly<Record<string, unknown>>
}

/** An entry that does not parse. It is reported and skipped, never deleted (LIST-5). */
export interface MalformedEntry {
  /** Where it stands at the backend: a key, path or row that an operator can look up. */
  readonly where: string
  readonly problem: string
}

/** One change of a job, as the backend told or recorded it. */
export interface JobChange {
  readonly jobId: string
  readonly change: 'posted' | 'claimed' | 'released' | 'removed'
  readonly why?: ChangeReason
  /** The job's name, where the backend tells: waiters for other names sleep on. */
  readonly name?: string
  /** The owner of the claim that began or ended, where the backend tells. */
  readonly owner?: string
  /**
   * What a view needs to place the job; set for `posted` and `released` by drivers without `claimNext`. Where it is missing
   * core lists the whole board again.
   */
  readonly head?: JobHead
}

/** `undefined` in an event stands for *unknown*: the record did not show it. */
export type ChangeReason = 'abandoned' | 'lost' | 'forced' | 'closed' | 'restored' | 'consumed' | 'trashed'

/** The part of a record that decides when and in which order a job can be claimed. */
export interface JobHead {
  readonly id: string
  readonly name: string
  readonly priority: Priority
  readonly order: bigint
  readonly availableAt?: number
}
