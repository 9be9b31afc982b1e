import type { Operation } from './history.js'
import {
  type GrantedClaim,
  groupBy,
  type HistoryModel,
  isEnding,
  type JobHistory,
  maybeDone,
  modelOf,
  type Timing,
} from './history-model.js'
import { type Move, movesOf, type Others, type Place, type Standing } from './history-moves.js'
import { walk } from './history-walk.js'
import type { Law } from './laws.js'

/** The board and its trash after everything, as a fresh look of somebody who took no part found them. */
export interface FinalState {
  readonly jobs: readonly FinalJob[]
  /**
   * Nobody but the recorded clients ever worked on the board, so every job is theirs.
   * @default false
   */
  readonly closed?: boolean
  /** When the look began, by the clock of the history: with `Timing.takeoverMs` it tells claims that stand too long. */
  readonly at?: number
}

export interface FinalJob {
  readonly id: string
  readonly state: 'UNCLAIMED' | 'CLAIMED' | 'TRASHED'
  readonly owner?: string
  /** Of the current claim, in decimal. */
  readonly token?: string
}

/** Something that cannot have happened on a board that keeps its laws. */
export interface HistoryProblem {
  readonly law: Law
  readonly jobId?: string
  readonly text: string
}

/**
 * Checks what clients saw against a small model of a board.
 *
 * Only what is certain counts: an operation happened at some moment between its start and its end, one that was never
 * answered perhaps later, perhaps never. So whatever is reported is a breach, while a breach may go unseen when
 * everything overlaps. Of each job the first breach is told. `final` may be left out: then only what clients were told is
 * checked, and others may have worked on the board too. Without `closed` they may have, on jobs that no client posted.
 *
 * Right after the last operation `final` may show claims that the next renewal ends: look again before you believe
 * problems with CLAIM-7, CLAIM-12 or CLAIM-14.
 */
export function checkHistory(
  operations: readonly Operation[],
  final?: FinalState,
  timing: Timing = {},
): readonly HistoryProblem[] {
  const model = modelOf(operations, timing)
  const look = final && { ...final, byId: groupBy(final.jobs, job => job.id) }
  return [
    ...tokensGrow(model),
    ...model.jobs.flatMap(job => jobProblems(job, { model, timing, look })),
    ...(look === undefined ? [] : [...shownTwice(look), ...postedByNobody(model, look)]),
  ]
}

interface Look extends FinalState {
  readonly byId: ReadonlyMap<string, readonly FinalJob[]>
}

interface Evidence {
  readonly model: HistoryModel
  readonly timing: Timing
  readonly look: Look | undefined
}

/** CLAIM-4: a claim that began after another one was granted has a greater token, and no token is given twice. */
function tokensGrow({ claims }: HistoryModel): HistoryProblem[] {
  return [...groupBy(claims, claim => claim.scope).values()].flatMap(inScope => {
    const byStart = inScope.toSorted((a, b) => a.start - b.start)
    const byEnd = inScope.toSorted((a, b) => a.end - b.end)
    const owners = new Map<bigint, GrantedClaim>()
    const problems: HistoryProblem[] = []
    let greatest: GrantedClaim | undefined
    let ended = 0
    for (const claim of byStart) {
      for (; (byEnd[ended]?.end ?? Number.POSITIVE_INFINITY) < claim.start; ended += 1) {
        const before = byEnd[ended] as GrantedClaim
        if (greatest === undefined || before.token > greatest.token) greatest = before
      }
      const same = owners.get(claim.token)
      owners.set(claim.token, claim)
      if (same !== undefined)
        problems.push(problem('CLAIM-4', claim, `${say(claim)} and ${say(same)} have one token`))
      else if (greatest !== undefined && greatest.token > claim.token) {
        problems.push(
          problem('CLAIM-4', claim, `${say(claim)} came after ${say(greatest)}, but its token is lower`),
        )
      }
    }
    return problems
  })
}

/** The first thing that cannot have happened to one job, and what became of claims on it. */
function jobProblems(job: JobHistory, evidence: Evidence): HistoryProblem[] {
  const { look } = evidence
  const wasPosted = job.operations.some(isPost)
  const { standings, impossible } = walk(movesOf(job, othersOn(job, wasPosted, evidence)))
  const isJudged = look !== undefined && (wasPosted || look.closed === true)
  const found = look?.byId.get(job.jobId) ?? []
  if (impossible !== undefined) {
    const first = { ...breach(impossible, standings, job), jobId: job.jobId }
    return [first, ...(isJudged ? vanishedClaims(job, found) : [])]
  }
  // What is there twice or more is a problem of its own.
  if (!isJudged || standings.length === 0 || found.length > 1) return []
  return finalProblem(job, standings, found[0], evidence)
}

function othersOn(job: JobHistory, wasPosted: boolean, { model, look }: Evidence): Others {
  return {
    moveJobs: look === undefined || (look.closed !== true && !wasPosted),
    mayPostFrom: job.operations.some(isPost) ? undefined : firstNamelessPost(model),
  }
}

/** When the first post began that was never answered, so that nobody knows the id of its job. */
function firstNamelessPost({ operations }: HistoryModel): number | undefined {
  return operations.find(post => isPost(post) && post.jobId === undefined)?.start
}

function isPost(operation: Operation): boolean {
  return operation.kind === 'post' && maybeDone(operation)
}

type Breach = Omit<HistoryProblem, 'jobId'>

/** Which law an acknowledged move breaks, that could take place in none of the standings that the job may have had. */
function breach({ operation, claim }: Move, standings: readonly Standing[], job: JobHistory): Breach {
  if (operation?.kind === 'claim' && claim !== undefined) return wrongClaim(claim, standings, job)
  if (operation !== undefined && isEnding(operation) && claim !== undefined) {
    return wrongEnding(operation, claim, standings)
  }
  const law = lawOfOrder[operation?.kind ?? 'other'] ?? 'SETTLE-1'
  return { law, text: `${sayOperation(operation)} was acknowledged, but ${whereItWas(standings)}` }
}

const lawOfOrder: Readonly<Partial<Record<Operation['kind'], Law>>> = {
  post: 'POST-3',
  forceRelease: 'CLAIM-13',
  restore: 'SETTLE-5',
  purge: 'SETTLE-5',
}

/** CLAIM-1, CLAIM-3: nobody gets a job that somebody else surely has, or that is not on the board. */
function wrongClaim(claim: GrantedClaim, standings: readonly Standing[], { operations }: JobHistory): Breach {
  const holder = standings.find(one => one.holder !== undefined)?.holder
  if (holder !== undefined) {
    return { law: 'CLAIM-1', text: `${say(claim)} was granted while ${say(holder)} stood` }
  }
  // The worst of it: then the job was done twice.
  const again = operations.find(op => op.kind === 'consume' && op.outcome === 'ok' && op.claimId === claim.id)
  const twice = again && consumedTwice(again, standings)
  return twice ?? { law: 'CLAIM-3', text: `${say(claim)} was granted, but ${whereItWas(standings)}` }
}

/** SETTLE-1: one claim ends a job, and in one way. SETTLE-2: no ending succeeds that was first tried when it was lost. */
function wrongEnding(operation: Operation, claim: GrantedClaim, standings: readonly Standing[]): Breach {
  const { kind } = operation
  const before = standings.flatMap(({ endings }) => endings.get(claim.id) ?? [])[0]
  if (before !== undefined) {
    return { law: 'SETTLE-1', text: `${say(claim)} was ended twice, by ${before} and by ${kind}` }
  }
  const twice = kind === 'consume' ? consumedTwice(operation, standings) : undefined
  if (twice !== undefined) return twice
  const holder = standings.find(one => one.holder !== undefined && one.holder.id !== claim.id)?.holder
  const when = holder === undefined ? 'it was lost' : `${say(holder)} had the job`
  return { law: 'SETTLE-2', text: `${say(claim)} was ended by its owner after ${when}` }
}

/** SETTLE-1: a job is consumed once, unless it was posted again in between. */
function consumedTwice(second: Operation, standings: readonly Standing[]): Breach | undefined {
  const first = standings.find(({ by }) => by?.kind === 'consume')?.by
  if (first === undefined) return undefined
  return { law: 'SETTLE-1', text: `${sayOperation(first)} and ${sayOperation(second)} both consumed it` }
}

function whereItWas(standings: readonly Standing[]): string {
  const { place, by } = standings[0] as Standing
  return `the job was ${place}${by === undefined ? '' : ` after ${sayOperation(by)}`}`
}

/** Nothing is lost, and what was acknowledged happened: the job is found where its history may have left it. */
function finalProblem(
  job: JobHistory,
  standings: readonly Standing[],
  found: FinalJob | undefined,
  evidence: Evidence,
): HistoryProblem[] {
  const { jobId } = job
  const place = placeOf(found)
  const there = standings.filter(one => one.place === place)
  if (there.length === 0) return [{ ...misplaced(place, standings[0] as Standing), jobId }]
  if (found === undefined || place !== 'on the board') return []
  const problem = found.state === 'CLAIMED' ? wrongHolder(job, there, found, evidence) : vanishedClaim(there)
  return problem === undefined ? [] : [{ ...problem, jobId }]
}

function placeOf(found: FinalJob | undefined): Place {
  return found === undefined ? 'gone' : found.state === 'TRASHED' ? 'in the trash' : 'on the board'
}

function misplaced(place: Place, { by }: Standing): Breach {
  const evidence = by === undefined ? 'nobody brought it there' : `${sayOperation(by)} was acknowledged`
  const law =
    place === 'gone' || by === undefined ? 'POST-1' : by.kind === 'consume' ? 'SETTLE-1' : 'SETTLE-5'
  return { law, text: `it is ${place} in the end, but ${evidence}` }
}

/** CLAIM-7: a claim that its owner believes to have stands at the backend. */
function vanishedClaim(standings: readonly Standing[]): Breach | undefined {
  const holder = standings[0]?.holder
  return holder === undefined || standings.some(one => one.holder === undefined)
    ? undefined
    : vanished(holder)
}

/** The same, where the history of the job tells no standing any more: of two owners one may be left, or none. */
function vanishedClaims({ operations, claims }: JobHistory, found: readonly FinalJob[]): HistoryProblem[] {
  const ended = new Set(operations.filter(op => isEnding(op) && maybeDone(op)).map(op => op.claimId))
  return claims
    .filter(({ id, heldUntil }) => heldUntil === Number.POSITIVE_INFINITY && !ended.has(id))
    .filter(({ token }) => !found.some(one => one.token === token.toString()))
    .map(claim => ({ ...vanished(claim), jobId: claim.jobId }))
}

function vanished(claim: GrantedClaim): Breach {
  return { law: 'CLAIM-7', text: `${say(claim)} was not told to be lost, but the board does not have it` }
}

/** A claim on the board is one that a client has and keeps, or that a dead one had not long ago. */
function wrongHolder(
  { jobId, claims }: JobHistory,
  standings: readonly Standing[],
  found: FinalJob,
  evidence: Evidence,
): Breach | undefined {
  const { token, owner } = found
  const current = standings.find(({ holder }) => holder?.token.toString() === token)?.holder
  if (current !== undefined) return ghost(current, evidence) ?? wrongOwner(current, found)
  const claim = claims.findLast(one => one.token.toString() === token)
  if (claim !== undefined) return endedButStands(claim, standings)
  const missing = vanishedClaim(standings)
  if (missing !== undefined) return missing
  const unknown = `${owner} holds it with token ${token}, but no client was told of that claim`
  return strangersClaim(jobId, unknown, evidence)
}

function endedButStands(claim: GrantedClaim, standings: readonly Standing[]): Breach {
  const wasSettled = standings.some(({ endings }) => endings.has(claim.id))
  if (wasSettled) return { law: 'SETTLE-1', text: `${say(claim)} was ended, but stands` }
  if (claim.toldLost !== undefined) return { law: 'CLAIM-14', text: `${say(claim)} was given up, but stands` }
  return { law: 'CLAIM-13', text: `${say(claim)} was forced to end, but stands` }
}

/** CLAIM-9, CLAIM-12, CLAIM-14: who died, closed or gave a claim up keeps no job. */
function ghost(claim: GrantedClaim, evidence: Evidence): Breach | undefined {
  const { model } = evidence
  if (model.closed(claim.client))
    return { law: 'CLAIM-12', text: `${say(claim)} stands, but its board was closed` }
  const diedAt = model.diedAt(claim.client)
  if (diedAt !== undefined) {
    const text = `${say(claim)} stands, though its owner is long dead`
    return isLongAgo(diedAt, evidence) ? { law: 'CLAIM-9', text } : undefined
  }
  if (claim.toldLost === undefined) return undefined
  return { law: 'CLAIM-14', text: `${say(claim)} was given up, but stands` }
}

/** CLAIM-2: the board names the owner. */
function wrongOwner(claim: GrantedClaim, { owner }: FinalJob): Breach | undefined {
  if (owner === undefined || claim.owner === undefined || owner === claim.owner) return undefined
  return { law: 'CLAIM-2', text: `${say(claim)} is of ${claim.owner}, but the board names ${owner}` }
}

/** CLAIM-7, CLAIM-9: a claim of which nobody was told can only be one that a dead client had asked for. */
function strangersClaim(jobId: string, text: string, evidence: Evidence): Breach | undefined {
  const { operations, diedAt } = evidence.model
  const deaths = operations.filter(op => mayHaveClaimed(op, jobId)).flatMap(op => diedAt(op.client) ?? [])
  if (deaths.length === 0) return { law: 'CLAIM-7', text }
  return deaths.every(death => isLongAgo(death, evidence)) ? { law: 'CLAIM-9', text } : undefined
}

function mayHaveClaimed(operation: Operation, jobId: string): boolean {
  const { kind, outcome } = operation
  return kind === 'claim' && outcome === 'unknown' && (operation.jobId ?? jobId) === jobId
}

function isLongAgo(time: number, { look, timing }: Evidence): boolean {
  return look?.at !== undefined && timing.takeoverMs !== undefined && look.at - time > timing.takeoverMs
}

/** LIST-4, SETTLE-5: a job is in one place, once. */
function shownTwice({ byId }: Look): HistoryProblem[] {
  return [...byId]
    .filter(([, found]) => found.length > 1)
    .map(([jobId, found]) => ({ ...timesShown(found), jobId }))
}

function timesShown(found: readonly FinalJob[]): Breach {
  const places = new Set(found.map(placeOf))
  if (places.size > 1) return { law: 'SETTLE-5', text: 'it is both on the board and in the trash' }
  return { law: 'LIST-4', text: `it is ${[...places]} ${found.length} times` }
}

/** POST-3: on a board that nobody else uses, each job was posted by somebody, and a post adds no other one. */
function postedByNobody(model: HistoryModel, { closed, byId }: Look): HistoryProblem[] {
  if (closed !== true || firstNamelessPost(model) !== undefined) return []
  const known = new Set(model.jobs.map(job => job.jobId))
  return [...byId.keys()]
    .filter(jobId => !known.has(jobId))
    .map(jobId => ({ law: 'POST-3', jobId, text: 'it is there, but nobody posted it' }))
}

function problem(law: Law, claim: GrantedClaim, text: string): HistoryProblem {
  return { law, jobId: claim.jobId, text }
}

function say({ client, token }: GrantedClaim): string {
  return `the claim of ${client} with token ${token}`
}

function sayOperation(operation: Operation | undefined): string {
  return operation === undefined ? 'nothing' : `${operation.kind} by ${operation.client}`
}
