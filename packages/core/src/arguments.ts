import { types } from 'node:util'
import type { ForceOptions } from './administering.js'
import type { Entity } from './driver/records.js'
import { InvalidArgumentError, InvalidPostingError } from './errors.js'
import { Job, type WaitOptions } from './job.js'
import { detailsText, nameOf } from './json.js'
import { checkLabel } from './posting.js'

/** Checks of what callers pass, other than postings. @throws InvalidArgumentError */
export function idOf(job: Job | string): string {
  if (job instanceof Job) return job.id
  return label(job, 'a job id')
}

export function checkOwner(owner: unknown): string {
  return label(owner, 'an owner')
}

/** One name or several; none at all is taken for all names nowhere, so it is refused. */
export function checkNames(names: string | readonly string[] | undefined): readonly string[] | undefined {
  if (names === undefined) return undefined
  const list = typeof names === 'string' ? [names] : names
  if (!Array.isArray(list) || list.length === 0)
    throw new InvalidArgumentError('names must be a name or a list of at least one')
  return [...new Set(list.map(name => label(name, 'a name')))]
}

export function checkWait(options: WaitOptions): WaitOptions {
  const { timeoutMs } = options
  if (timeoutMs !== undefined && !(typeof timeoutMs === 'number' && timeoutMs >= 0)) {
    throw new InvalidArgumentError('timeoutMs must be a number of milliseconds of at least 0')
  }
  return options
}

export function checkReason(options: ForceOptions): void {
  if (typeof options?.reason !== 'string' || options.reason === '') {
    throw new InvalidArgumentError('forceRelease needs a reason, for the record')
  }
  if (typeof options.token !== 'bigint' && options.token !== 'any') {
    throw new InvalidArgumentError("forceRelease needs the token that you saw, a bigint, or 'any'")
  }
}

export function checkEntity(
  entity: { readonly kind: string; readonly name: string; readonly metadata?: Entity['metadata'] },
  maxBytes: number,
): Entity {
  const metadata = entity.metadata ?? {}
  return asArgument(() => {
    detailsText(metadata, maxBytes)
    return { kind: checkLabel(entity.kind, 'kind'), name: checkLabel(entity.name, 'name'), metadata }
  }, 'an entity')
}

function label(value: unknown, what: string): string {
  if (typeof value !== 'string')
    throw new InvalidArgumentError(`${what} must be a text, not ${nameOf(value)}`)
  return asArgument(() => checkLabel(value, what), what)
}

/** The same list of what texts and values may hold, in the words of an argument. */
function asArgument<T>(check: () => T, what: string): T {
  try {
    return check()
  } catch (error) {
    if (!types.isNativeError(error) || !(error instanceof InvalidPostingError)) throw error
    throw new InvalidArgumentError(
      `${what} is not valid: ${error.message.replace(/^Cannot post this job: /, '')}`,
      { cause: error },
    )
  }
}
