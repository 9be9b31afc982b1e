import { JobboardError } from '@jobboard/core'
import { exitStatus, statusOf } from './exit-codes.js'
import { note } from './output.js'

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

/** An error as programs get it, on stderr or in a line of `post --stdin`. */
export interface ErrorJson {
  readonly code: string
  readonly message: string
}

export function errorJson(error: unknown): ErrorJson {
  return { code: codeOf(error), message: oneLine(error instanceof Error ? error.message : String(error)) }
}

/** Writes the error to stderr, as one line, and tells the exit status that it stands for. */
export function reportError(error: unknown, json: boolean): number {
  const shown = errorJson(error)
  if (json) process.stderr.write(`${JSON.stringify({ error: shown })}\n`)
  else note(`jobboard: ${shown.message}`)
  if (error instanceof UsageError) return exitStatus.usage
  if (error instanceof NothingToClaimError) return exitStatus.notFound
  return error instanceof JobboardError ? statusOf(error.code) : exitStatus.failed
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : 'JOBBOARD_UNEXPECTED'
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ').trim()
}
