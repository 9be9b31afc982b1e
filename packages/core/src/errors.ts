/** Codes of all errors that a board throws on purpose. They are stable; messages are not. */
export type JobboardErrorCode =
  | 'JOBBOARD_INVALID_OPTIONS'
  | 'JOBBOARD_INVALID_ARGUMENT'
  | 'JOBBOARD_INVALID_POSTING'
  | 'JOBBOARD_POSTING_CONFLICT'
  | 'JOBBOARD_JOB_NOT_FOUND'
  | 'JOBBOARD_ALREADY_CLAIMED'
  | 'JOBBOARD_NOT_AVAILABLE_YET'
  | 'JOBBOARD_CLAIM_LOST'
  | 'JOBBOARD_CLAIM_NOT_HELD'
  | 'JOBBOARD_CLAIM_SETTLED'
  | 'JOBBOARD_CLAIM_CHANGED'
  | 'JOBBOARD_UNAVAILABLE'
  | 'JOBBOARD_OUTCOME_UNKNOWN'
  | 'JOBBOARD_OVERLOADED'
  | 'JOBBOARD_AUTHENTICATION_FAILED'
  | 'JOBBOARD_PERMISSION_DENIED'
  | 'JOBBOARD_LIMIT_EXCEEDED'
  | 'JOBBOARD_INCOMPATIBLE_BACKEND'
  | 'JOBBOARD_NOT_CONNECTED'
  | 'JOBBOARD_CLOSED'
  | 'JOBBOARD_DRIVER_NOT_FOUND'
  | 'JOBBOARD_DRIVER_DEFECT'
  | 'JOBBOARD_INVALID_STORE'
  | 'JOBBOARD_FLOW_NOT_FOUND'
  | 'JOBBOARD_FLOW_AMBIGUOUS'

/**
 * Base of every error that a board throws on purpose.
 *
 * `code` is for programs, `message` for people: it says what happened, why, and what to do. `retryable` tells whether
 * the same call may succeed later without a change by the caller. `cause` keeps the error underneath.
 */
export abstract class JobboardError extends Error {
  abstract readonly code: JobboardErrorCode
  abstract readonly retryable: boolean

  /** For logs: the fields and the message, with tokens as texts, since JSON has no bigint. */
  toJSON(): Readonly<Record<string, unknown>> {
    const fields = Object.entries({ ...this, message: this.message })
    return Object.fromEntries(
      fields.map(([key, value]) => [key, typeof value === 'bigint' ? String(value) : value]),
    )
  }
}

/** An option is unknown, of the wrong type or out of range. The message names it and lists what is known. */
export class InvalidOptionsError extends JobboardError {
  override readonly name = 'InvalidOptionsError'
  readonly code = 'JOBBOARD_INVALID_OPTIONS'
  readonly retryable = false
  /** Names that are no options. */
  readonly unknownOptions: readonly string[]

  constructor(message: string, options?: ErrorOptions & { readonly unknownOptions?: readonly string[] }) {
    super(message, options)
    this.unknownOptions = options?.unknownOptions ?? []
  }
}

/** An argument of a call is of the wrong type or out of range. Nothing was sent. */
export class InvalidArgumentError extends JobboardError {
  override readonly name = 'InvalidArgumentError'
  readonly code = 'JOBBOARD_INVALID_ARGUMENT'
  readonly retryable = false
}

/** A posting cannot be stored unchanged, so it was refused before anything was sent (POST-5). `path` names the place. */
export class InvalidPostingError extends JobboardError {
  override readonly name = 'InvalidPostingError'
  readonly code = 'JOBBOARD_INVALID_POSTING'
  readonly retryable = false
  readonly path: string

  constructor(path: string, problem: string, options?: ErrorOptions) {
    super(`Cannot post this job: ${path}: ${problem}`, options)
    this.path = path
  }
}

/** The id is in use for a job with another content (POST-3). Post under a new id, or with the content of the first post. */
export class PostingConflictError extends JobboardError {
  override readonly name = 'PostingConflictError'
  readonly code = 'JOBBOARD_POSTING_CONFLICT'
  readonly retryable = false

  constructor(readonly jobId: string) {
    super(
      `Job ${jobId} exists with another name, details, priority or book; post under another id, or post the same content`,
    )
  }
}

const onBoard = 'on the board'

/** The job was consumed, trashed or never on this board. Somebody else may have finished it. */
export class JobNotFoundError extends JobboardError {
  override readonly name = 'JobNotFoundError'
  readonly code = 'JOBBOARD_JOB_NOT_FOUND'
  readonly retryable = false

  constructor(
    readonly jobId: string,
    where: string = onBoard,
  ) {
    super(
      `No job ${jobId} is ${where}${where === onBoard ? '; it was consumed, trashed or purged, or never posted here' : ''}`,
    )
  }
}

/** Somebody holds the job, perhaps under the same owner name (CLAIM-2). Take another one, or wait for its release. */
export class AlreadyClaimedError extends JobboardError {
  override readonly name = 'AlreadyClaimedError'
  readonly code = 'JOBBOARD_ALREADY_CLAIMED'
  readonly retryable = true

  constructor(
    readonly jobId: string,
    readonly owner: string,
  ) {
    super(`Job ${jobId} is claimed by ${owner}`)
  }
}

/** The job was posted for later, or abandoned with a delay (POST-6). `availableAt` tells when it can be claimed. */
export class NotAvailableYetError extends JobboardError {
  override readonly name = 'NotAvailableYetError'
  readonly code = 'JOBBOARD_NOT_AVAILABLE_YET'
  readonly retryable = true

  constructor(
    readonly jobId: string,
    readonly availableAt: Date,
  ) {
    super(`Job ${jobId} cannot be claimed before ${availableAt.toISOString()}`)
  }
}

/**
 * Why a claim ended before its owner ended it. `expired`: its session was not renewed in time; `forced`: an operator
 * released it; `taken over`: somebody else has the job; `closed`: its board was closed; `unknown`: the record does not show it.
 */
export type LossReason = 'expired' | 'forced' | 'taken over' | 'closed' | 'unknown'

/**
 * The claim ended before its owner did. Somebody else may already be working on the job, so stop writing: there is
 * nothing left to consume, abandon or trash. `claim.signal` aborts with this error as its reason.
 */
export class ClaimLostError extends JobboardError {
  override readonly name = 'ClaimLostError'
  readonly code = 'JOBBOARD_CLAIM_LOST'
  readonly retryable = false

  constructor(
    readonly jobId: string,
    readonly reason: LossReason,
    options?: ErrorOptions,
  ) {
    super(
      `Lost the claim on job ${jobId} (${reason}); stop working on it, another owner may have it`,
      options,
    )
  }
}

/** This board object holds no claim on the job, or not under this owner. Claim it first, or end it where it was claimed. */
export class ClaimNotHeldError extends JobboardError {
  override readonly name = 'ClaimNotHeldError'
  readonly code = 'JOBBOARD_CLAIM_NOT_HELD'
  readonly retryable = false

  constructor(
    readonly jobId: string,
    owner: string | undefined,
  ) {
    super(
      `This board holds no claim on job ${jobId}${owner === undefined ? '' : ` for owner ${owner}`}; claim it first`,
    )
  }
}

/** The claim was ended before, by this owner. `ending` tells how. */
export class ClaimSettledError extends JobboardError {
  override readonly name = 'ClaimSettledError'
  readonly code = 'JOBBOARD_CLAIM_SETTLED'
  readonly retryable = false

  constructor(
    readonly jobId: string,
    readonly ending: 'consume' | 'abandon' | 'trash',
  ) {
    super(`The claim on job ${jobId} was ended before (${ending}); a claim ends once`)
  }
}

/** `forceRelease` found another claim than the one it was told to end, or none. Look again before you force it. */
export class ClaimChangedError extends JobboardError {
  override readonly name = 'ClaimChangedError'
  readonly code = 'JOBBOARD_CLAIM_CHANGED'
  readonly retryable = false

  constructor(
    readonly jobId: string,
    readonly fencingToken: bigint | undefined,
  ) {
    super(
      fencingToken === undefined
        ? `Job ${jobId} is not claimed; there is nothing to release`
        : `Job ${jobId} has another claim by now, with fencing token ${fencingToken}; look at it before you release it`,
    )
  }
}

/**
 * The backend cannot be reached or did not answer in time. Nothing was done; the same board object works again when it is back.
 *
 * From `close` it means that the driver did not end in time; claims may have been given back before.
 */
export class UnavailableError extends JobboardError {
  override readonly name = 'UnavailableError'
  readonly code = 'JOBBOARD_UNAVAILABLE'
  readonly retryable = true
}

/** Operations whose second call is the same request as the first. */
const learnable: ReadonlySet<string> = new Set(['posting', 'consuming', 'abandoning', 'trashing'])

/**
 * The request was sent and its outcome could not be learned in time: it may have happened, or may still happen (FAULT-3).
 *
 * For a post under the same id and for an ending of the same claim, calling again is the same request, and its answer that
 * of both. A claim that nobody was told of is given back by the board. Of everything else a look tells where the job stands.
 */
export class OutcomeUnknownError extends JobboardError {
  override readonly name = 'OutcomeUnknownError'
  readonly code = 'JOBBOARD_OUTCOME_UNKNOWN'
  readonly retryable = true

  constructor(
    operation: string,
    readonly jobId: string | undefined,
    options?: ErrorOptions,
  ) {
    super(
      `The outcome of ${operation}${jobId === undefined ? '' : ` job ${jobId}`} is unknown: the backend did not answer in time; ${learnable.has(operation) ? 'call again to learn it' : 'look at the job before you go on'}`,
      options,
    )
  }
}

/** Too many operations wait for the backend already. Post or claim more slowly. Nothing was sent. */
export class OverloadedError extends JobboardError {
  override readonly name = 'OverloadedError'
  readonly code = 'JOBBOARD_OVERLOADED'
  readonly retryable = true

  constructor(waiting: number) {
    super(`${waiting} operations wait for the backend already; await some of them before you start more`)
  }
}

/** The backend does not accept the credentials. Check user and password, and how they are spelt in the URL. */
export class AuthenticationError extends JobboardError {
  override readonly name = 'AuthenticationError'
  readonly code = 'JOBBOARD_AUTHENTICATION_FAILED'
  readonly retryable = false
}

/** The credentials lack a right. The message says which, where the backend tells. */
export class PermissionDeniedError extends JobboardError {
  override readonly name = 'PermissionDeniedError'
  readonly code = 'JOBBOARD_PERMISSION_DENIED'
  readonly retryable = false
}

/** The backend refuses because of a size, a number or a quota. */
export class LimitExceededError extends JobboardError {
  override readonly name = 'LimitExceededError'
  readonly code = 'JOBBOARD_LIMIT_EXCEEDED'
  readonly retryable = false
}

/** The server is too old, or what it stores is of another kind or of a newer version than this code. */
export class IncompatibleBackendError extends JobboardError {
  override readonly name = 'IncompatibleBackendError'
  readonly code = 'JOBBOARD_INCOMPATIBLE_BACKEND'
  readonly retryable = false
}

/** The board was used before `connect()` resolved. */
export class NotConnectedError extends JobboardError {
  override readonly name = 'NotConnectedError'
  readonly code = 'JOBBOARD_NOT_CONNECTED'
  readonly retryable = false

  constructor(board: string) {
    super(`Board ${board} is not connected; await connect() first`)
  }
}

/** The board was closed, which is final. Make a new one. */
export class BoardClosedError extends JobboardError {
  override readonly name = 'BoardClosedError'
  readonly code = 'JOBBOARD_CLOSED'
  readonly retryable = false

  constructor(board: string) {
    super(`Board ${board} was closed; make a new one`)
  }
}

/** No driver is known under this name or URL scheme, or its package is not installed; the message says what to install. */
export class DriverNotFoundError extends JobboardError {
  override readonly name = 'DriverNotFoundError'
  readonly code = 'JOBBOARD_DRIVER_NOT_FOUND'
  readonly retryable = false
}

/** The driver broke its contract. Please report it to the driver's authors, with `cause`. */
export class DriverDefectError extends JobboardError {
  override readonly name = 'DriverDefectError'
  readonly code = 'JOBBOARD_DRIVER_DEFECT'
  readonly retryable = false
}

/** A store is not a plain object (STORE-3). `origin` names where it came from. */
export class InvalidStoreError extends JobboardError {
  override readonly name = 'InvalidStoreError'
  readonly code = 'JOBBOARD_INVALID_STORE'
  readonly retryable = false

  constructor(
    readonly origin: string,
    found: string,
  ) {
    super(`The store of ${origin} must be a plain object, not ${found}`)
  }
}

/** No flow detail fits the job (STORE-4). */
export class FlowNotFoundError extends JobboardError {
  override readonly name = 'FlowNotFoundError'
  readonly code = 'JOBBOARD_FLOW_NOT_FOUND'
  readonly retryable = false
}

/** The logbook has several flow details and the job names none (STORE-4). */
export class FlowAmbiguousError extends JobboardError {
  override readonly name = 'FlowAmbiguousError'
  readonly code = 'JOBBOARD_FLOW_AMBIGUOUS'
  readonly retryable = false
}
