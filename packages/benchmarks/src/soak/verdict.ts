import { checkHistory, type FinalState, type Operation } from '@jobboard/conformance-tests'
import type { JobState } from '@jobboard/core'
import { claimId } from './operations.js'
import type { Mark } from './work-log.js'

/** All accounts of a soak. */
export interface Accounts {
  /** What was posted, and what the workers told. */
  readonly operations: readonly Operation[]
  /** What the commands wrote down. */
  readonly marks: readonly Mark[]
  /** The board and its trash in the end. */
  readonly final: FinalState
  /** What the board answers when each job is posted once more: COMPLETE if it has a receipt that says so. */
  readonly postedAgain: ReadonlyMap<string, JobState>
}

/** Everything that cannot have happened on a board that keeps its laws; nothing, if all is well. */
export function problemsOf(accounts: Accounts): readonly string[] {
  return [
    ...checkHistory(accounts.operations, accounts.final).map(
      ({ law, jobId, text }) => `${law}: ${jobId}: ${text}`,
    ),
    ...accounts.final.jobs.map(({ id, state }) => `left over: ${id} is ${state}`),
    ...[...accounts.postedAgain].flatMap(([id, state]) => consumedOnce(id, state, accounts)),
    ...tokensUsedTwice(accounts),
    ...consumedWithoutWork(accounts),
    ...workedTwice(accounts),
  ]
}

/**
 * By the board's receipt and by the workers' word. A worker that was killed between the consume and its word leaves only the
 * receipt; then it must be one whose command was done.
 */
function consumedOnce(jobId: string, state: JobState, { operations }: Accounts): string[] {
  const consumes = operations.filter(op => op.kind === 'consume' && op.jobId === jobId)
  const told = consumes.filter(({ outcome }) => outcome === 'ok')
  const problems: string[] = []
  if (state !== 'COMPLETE') problems.push(`not consumed: ${jobId} is ${state} when it is posted again`)
  if (told.length > 1)
    problems.push(`consumed ${told.length} times: ${jobId}, by ${told.map(saying).join(' and ')}`)
  if (consumes.length === 0)
    problems.push(`consumed by nobody: ${jobId} is gone, but no worker was done with it`)
  return problems
}

function tokensUsedTwice({ operations }: Accounts): string[] {
  const users = new Map<string, Operation>()
  return consumesTold(operations).flatMap(consume => {
    const token = tokenOf(consume)
    const other = users.get(token)
    users.set(token, consume)
    return other === undefined
      ? []
      : [`token ${token} consumed twice: by ${saying(other)} and ${saying(consume)}`]
  })
}

/** A worker consumes when its command is done, not before. */
function consumedWithoutWork({ operations, marks }: Accounts): string[] {
  const done = new Set(
    marks.filter(({ what }) => what === 'end').map(mark => claimId(mark.jobId, mark.token)),
  )
  return consumesTold(operations)
    .filter(({ claimId = '' }) => !done.has(claimId))
    .map(consume => `consumed before the work was done: ${consume.jobId}, by ${saying(consume)}`)
}

/** One claim, one command: what comes again comes with another token. */
function workedTwice({ marks }: Accounts): string[] {
  const seen = new Set<string>()
  return marks.flatMap(mark => {
    const key = `${mark.what} ${claimId(mark.jobId, mark.token)}`
    const problem = seen.has(key) ? [`worked twice under one claim: ${mark.jobId}, token ${mark.token}`] : []
    seen.add(key)
    return problem
  })
}

function consumesTold(operations: readonly Operation[]): readonly Operation[] {
  return operations.filter(({ kind, outcome }) => kind === 'consume' && outcome === 'ok')
}

function saying(consume: Operation): string {
  return `${consume.client} with token ${tokenOf(consume)}`
}

function tokenOf({ claimId = '' }: Operation): string {
  return claimId.slice(claimId.lastIndexOf(' ') + 1)
}
