/**
 * What went wrong between a driver and its backend.
 *
 * - `unavailable`: cannot be reached, or gave no answer in time. The only kind that core tries again.
 * - `unauthenticated`, `forbidden`: wrong credentials, missing rights.
 * - `limit`: the backend refuses because of a size, a number or a quota.
 * - `incompatible`: the server is too old, or its data is of another kind or a newer version.
 */
export type DriverErrorKind = (typeof kinds)[number]

const kinds = ['unavailable', 'unauthenticated', 'forbidden', 'limit', 'incompatible'] as const

/**
 * The only error that a driver throws on purpose; everything else that leaves it is taken as a defect with unknown outcome.
 *
 * The message says what happened and, where a person can do something about it, what; `cause` keeps the client's error.
 * All kinds but `unavailable` mean that nothing was done, unless `done` says otherwise.
 */
export class DriverError extends Error {
  override readonly name = 'DriverError'
  readonly kind: DriverErrorKind
  /** `no` when it is certain that nothing of the request was done; else it may have been done, or may be done later. */
  readonly done: 'no' | 'maybe'

  constructor(
    kind: DriverErrorKind,
    message: string,
    options?: ErrorOptions & {
      /** @default 'maybe' for `unavailable`, else 'no' */ readonly done?: 'no' | 'maybe'
    },
  ) {
    super(message, options)
    this.kind = kind
    this.done = options?.done ?? (kind === 'unavailable' ? 'maybe' : 'no')
  }
}

/** Also one of another copy of this package, which a driver may have brought with it: no outage should pass for a defect. */
export function isDriverError(error: unknown): error is DriverError {
  if (error instanceof DriverError) return true
  return error instanceof Error && error.name === 'DriverError' && kinds.includes((error as DriverError).kind)
}
