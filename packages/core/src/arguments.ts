import { types } from 'node:util'
import type { ForceOptions } from './administering.js'
import type { ClaimNextOptions, EntityOptions, IterOptions, WaitForJobOptions } from './call-options.js'
import type { AbandonOptions, TrashOptions } from './claim.js'
import type { ClaimsOptions } from './claims-loop.js'
import type { Entity } from './driver/records.js'
import { InvalidArgumentError, InvalidPostingError } from './errors.js'
import { Job, type WaitOptions } from './job.js'
import { nameOf, plainCopy } from './json.js'
import { checkDelay, checkLabel } from './posting.js'

/** Checks of what callers pass, other than postings. All of them throw InvalidArgumentError, before anything is sent. */
export function idOf(job: Job | string): string {
  if (job instanceof Job) return job.id
  return label(job, 'a job id')
}

export function checkOwner(owner: unknown): string {
  return label(owner, 'an owner')
}

/** One name or several; none at all is taken for all names nowhere, so it is refused. */
function checkNames(names: string | readonly string[] | undefined): readonly string[] | undefined {
  if (names === undefined) return undefined
  const list = typeof names === 'string' ? [names] : names
  if (!Array.isArray(list) || list.length === 0)
    throw new InvalidArgumentError('names must be a name or a list of at least one')
  return [...new Set(list.map(name => label(name, 'a name')))]
}

export function checkIter(options: IterOptions): Required<Pick<IterOptions, 'state'>> & {
  readonly fresh: boolean
  readonly names: readonly string[] | undefined
} {
  checkKeys(options, 'iterJobs', { onlyUnclaimed: true, ensureFresh: true, names: true, state: true })
  const onlyUnclaimed = flag(options.onlyUnclaimed, 'onlyUnclaimed')
  const { state = onlyUnclaimed ? 'unclaimed' : 'all' } = options
  if (!['all', 'unclaimed', 'claimed'].includes(state))
    throw new InvalidArgumentError("state must be 'all', 'unclaimed' or 'claimed'")
  if (onlyUnclaimed && state !== 'unclaimed')
    throw new InvalidArgumentError(
      `onlyUnclaimed and state '${state}' contradict each other; give one of them`,
    )
  return { state, fresh: flag(options.ensureFresh, 'ensureFresh'), names: checkNames(options.names) }
}

export function checkClaimNext(
  options: ClaimNextOptions,
  owner: string,
): { readonly owner: string; readonly names: readonly string[] | undefined } {
  checkKeys(options, 'claimNext', { owner: true, names: true })
  return { owner: checkOwner(options.owner ?? owner), names: checkNames(options.names) }
}

export function checkClaims(
  options: ClaimsOptions,
  owner: string,
): {
  readonly owner: string
  readonly names: readonly string[] | undefined
  readonly concurrency: number
  readonly signal: AbortSignal | undefined
} {
  checkKeys(options, 'claims', { owner: true, names: true, concurrency: true, signal: true })
  const { concurrency = 1 } = options
  if (!Number.isInteger(concurrency) || concurrency < 1)
    throw new InvalidArgumentError('concurrency must be a whole number of at least 1')
  checkSignal(options.signal)
  return {
    owner: checkOwner(options.owner ?? owner),
    names: checkNames(options.names),
    concurrency,
    signal: options.signal,
  }
}

export function checkWait(options: WaitOptions): WaitOptions {
  checkKeys(options, 'wait', { timeoutMs: true, signal: true })
  checkTimeout(options)
  return options
}

export function checkWaitForJob(
  options: WaitForJobOptions,
): WaitOptions & { readonly names: readonly string[] | undefined } {
  checkKeys(options, 'waitForJob', { names: true, timeoutMs: true, signal: true })
  checkTimeout(options)
  return { ...options, names: checkNames(options.names) }
}

export function checkAbandon(options: AbandonOptions): {
  readonly delayMs: number
  readonly failed: boolean
} {
  checkKeys(options, 'abandon', { delayMs: true, failure: true })
  const delayMs = asArgument(() => checkDelay(options.delayMs ?? 0), 'a delay')
  return { delayMs, failed: flag(options.failure, 'failure') }
}

export function checkTrash(options: TrashOptions): void {
  checkKeys(options, 'trash', { reason: true, error: true })
  if (typeof options.reason !== 'string' || options.reason === '')
    throw new InvalidArgumentError('trash needs a reason, a text for the person who will look at the job')
}

export function checkForce(options: ForceOptions): void {
  checkKeys(options, 'forceRelease', { token: true, reason: true })
  if (typeof options.reason !== 'string' || options.reason === '')
    throw new InvalidArgumentError('forceRelease needs a reason, for the record')
  if (typeof options.token !== 'bigint' && options.token !== 'any')
    throw new InvalidArgumentError("forceRelease needs the token that you saw, a bigint, or 'any'")
}

/** Metadata is copied: what is announced anew later is what was registered, whatever became of the caller's object. */
export function checkEntity(entity: EntityOptions, maxBytes: number): Entity {
  checkKeys(entity, 'registerEntity', { kind: true, name: true, metadata: true })
  return asArgument(
    () => ({
      kind: checkLabel(entity.kind, 'kind'),
      name: checkLabel(entity.name, 'name'),
      metadata: plainCopy(entity.metadata ?? {}, 'metadata', maxBytes),
    }),
    'an entity',
  )
}

/** A typo must not pass for a default. `known` has every key of the options, for the compiler to see. */
function checkKeys<Options extends object>(
  options: Options,
  call: string,
  known: Readonly<Record<keyof Options, true>>,
): void {
  if (typeof options !== 'object' || options === null)
    throw new InvalidArgumentError(`${call} takes an object with options, not ${nameOf(options)}`)
  for (const key of Object.keys(options)) {
    if (Object.hasOwn(known, key)) continue
    const all = Object.keys(known).join(', ')
    throw new InvalidArgumentError(`${call} has no option ${JSON.stringify(key)}; known are ${all}`)
  }
}

function checkTimeout({ timeoutMs, signal }: WaitOptions): void {
  if (timeoutMs !== undefined && !(typeof timeoutMs === 'number' && timeoutMs >= 0))
    throw new InvalidArgumentError('timeoutMs must be a number of milliseconds of at least 0')
  checkSignal(signal)
}

function checkSignal(signal: unknown): void {
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw new InvalidArgumentError(`signal must be an AbortSignal, not ${nameOf(signal)}`)
}

function flag(value: unknown, what: string): boolean {
  if (value === undefined || typeof value === 'boolean') return value ?? false
  throw new InvalidArgumentError(`${what} must be true or false, not ${nameOf(value)}`)
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
