import type { Capability, Clock, JobboardDriver } from '@jobboard/core/driver'

/** What JSON carries. Configurations travel to child processes. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/**
 * What a driver's tests bring: how to make an empty board, and what the suite must know of the backend.
 *
 * The suite never empties a server and never assumes an empty one: every case gets a space of its own.
 */
export interface Harness {
  /** The driver's short name, for reports. */
  readonly driver: string
  /** The backend's name and version, for reports. */
  readonly backend: string
  /** What the driver declares; it chooses the cases. */
  readonly capabilities: readonly Capability[]
  /** The shortest time to live that the backend grants reliably; every wait is a fraction of it. */
  readonly sessionTtlMs: number
  /** How long after the time to live a dead owner's job is claimable at the latest (CLAIM-9). */
  readonly expiryMarginMs: number
  /**
   * For `multiProcess` drivers: a module that child processes import. It exports `openClient(config): JobboardDriver`,
   * called with the `config` of a space.
   */
  readonly clientModule?: URL
  /** A fresh, empty board: a folder, a key prefix, a schema. */
  createSpace(): Promise<Space>
  /** Releases what the harness took. */
  close?(): Promise<void>
}

/** One empty board for one case. */
export interface Space {
  readonly config: Json
  /** A new driver for this board, in this process. Each call is another client. */
  driver(): JobboardDriver
  /** Puts an entry on the board that no reader can parse (LIST-5). */
  plantMalformed(): Promise<void>
  /** Turned time, for drivers inside one process. Absent: real time. */
  readonly time?: TurnedTime
  dispose(): Promise<void>
}

/** Time that a test turns. `FakeClock` of `@jobboard/memory` is one. */
export interface TurnedTime {
  /** Moves the time on and lets everything due happen, in order. */
  advance(ms: number): Promise<void>
  /** A clock of one client, which can stand still while the others go on. */
  client(): Clock & {
    /** From here on no timer of this client fires. */
    freeze(): void
    /** Timers that came due fire now. */
    thaw(): void
  }
}
