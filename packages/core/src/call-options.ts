import type { Entity } from './driver/records.js'
import type { WaitOptions } from './job.js'

/** Which jobs an iteration shows. */
export interface IterOptions {
  /** Leave out what is claimed or delayed when it is read. @default false */
  readonly onlyUnclaimed?: boolean
  /** Reflect everything that was acknowledged to anyone before the call (LIST-3). @default false */
  readonly ensureFresh?: boolean
  /** Jobs of these names only. @default all */
  readonly names?: string | readonly string[]
  /** The same as `onlyUnclaimed`, and its opposite. @default 'all' */
  readonly state?: 'all' | 'unclaimed' | 'claimed'
}

/** For whom the next job is claimed, and which. */
export interface ClaimNextOptions {
  /** @default the board's owner */
  readonly owner?: string
  /** Jobs of these names only. @default all */
  readonly names?: string | readonly string[]
}

/** Which job is waited for. */
export interface WaitForJobOptions extends WaitOptions {
  /** Jobs of these names only. @default all */
  readonly names?: string | readonly string[]
}

/** A participant to be announced. */
export interface EntityOptions {
  /** What it is, for example `conductor`. 1 to 255 characters. */
  readonly kind: string
  /** Unique within its kind; registering it again replaces it. 1 to 255 characters. */
  readonly name: string
  /** A plain object that JSON carries unchanged. @default {} */
  readonly metadata?: Entity['metadata']
}
