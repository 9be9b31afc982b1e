import { JobboardError, OutcomeUnknownError, redactUrl } from '@jobboard/core'
import { exitStatus, statusOf } from './exit-codes.js'
import { note, noteJson } from './output.js'

/** The command line says something that cannot be done. Nothing was sent. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly code = 'JOBBOARD_USAGE'
}

/** `claim --next` found no job that could be claimed at that moment. */
export class NothingToClaimError extends Error {
  override readonly name = 'NothingToClaimError'
  readonly code = 'JOBBOARD_JOB_NOT_FOUND'

  constructor() {
    super("No job can be claimed now; post one, or see with 'jobboard count' what is claimed or delayed")
  }
}

/** There is an entry under the id, and it is no job that this version can read. The board leaves it alone. */
export class MalformedJobError extends Error {
  override readonly name = 'MalformedJobError'
  readonly code = 'JOBBOARD_MALFORMED_JOB'

  constructor(id: string, problem: string) {
    super(
      `Job ${id} is there, but does not parse: ${problem}; another version of Jobboard, or another program, wrote it`,
    )
  }
}

/** The outcome of a post is unknown. Only with its id is posting it again the same request. */
export function withAdvice(error: unknown, advice: (id: string) => string): unknown {
  if (!(error instanceof OutcomeUnknownError) || error.jobId === undefined) return error
  error.message = `It is unknown whether job ${error.jobId} was posted: the board did not answer in time; ${advice(error.jobId)}`
  return error
}

/** An error as programs get it, on stderr or in a line of `post --stdin`. */
export interface ErrorJson {
  readonly code: string
  readonly message: string
}

/** Whoever worded the message: a password of the board's URL is not for logs. */
export function errorJson(error: unknown): ErrorJson {
  const message = error instanceof Error ? error.message : String(error)
  return { code: codeOf(error), message: oneLine(redactUrl(message)) }
}

/** Writes the error to stderr, as one line, and tells the exit status that it stands for. */
export function reportError(error: unknown, json: boolean): number {
  complain(error, json)
  if (error instanceof UsageError) return exitStatus.usage
  if (error instanceof NothingToClaimError) return exitStatus.notFound
  return error instanceof JobboardError ? statusOf(error.code) : exitStatus.failed
}

/** Writes an error to stderr, as one line; with `during`, one that the command outlives. */
export function complain(error: unknown, json: boolean, during?: string): void {
  const { code, message } = errorJson(error)
  const shown = { code, message: during === undefined ? message : `${during}: ${message}` }
  if (json) noteJson({ error: shown })
  else note(`jobboard: ${shown.message}`)
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : 'JOBBOARD_UNEXPECTED'
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ').trim()
}
