import type { Operation } from './history.js'
import {
  endOf,
  type GrantedClaim,
  groupBy,
  type HistoryModel,
  isEnding,
  type JobHistory,
  maybeDone,
  modelOf,
} from './history-model.js'
import type { Law } from './laws.js'

/** The board and its trash after everything, as a fresh look of somebody who took no part found them. */
export interface FinalState {
  readonly jobs: readonly FinalJob[]
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
 * everything overlaps. `final` may be left out, or wanting when others worked on the board too: then only the rules
 * about what clients were told are checked.
 *
 * Right after the last operation `final` may show claims that the next renewal ends: look again before you believe
 * problems with CLAIM-7, CLAIM-12 or CLAIM-14.
 */
export function checkHistory(
  operations: readonly Operation[],
  final?: FinalState,
): readonly HistoryProblem[] {
  const model = modelOf(operations)
  const told = [
    ...tokensGrow(model),
    ...model.jobs.flatMap(job => [...claimsOverlap(job), ...consumedTwice(job), ...staleEndings(job)]),
  ]
  if (final === undefined) return told
  const found = new Map(final.jobs.map(job => [job.id, job]))
  const posted = model.jobs.filter(job => job.operations.some(op => op.kind === 'post' && maybeDone(op)))
  const standings = posted.flatMap(job => [
    ...misplaced(job, found.get(job.jobId)),
    ...ghostClaim(model, job, found.get(job.jobId)),
    ...vanishedClaims(job, found.get(job.jobId)),
  ])
  return [...told, ...standings]
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

/** CLAIM-1: nobody gets a job while somebody else surely has it. */
function claimsOverlap({ claims }: JobHistory): HistoryProblem[] {
  const byEnd = claims.toSorted((a, b) => a.end - b.end)
  const problems: HistoryProblem[] = []
  let holder: GrantedClaim | undefined
  for (const claim of byEnd) {
    if (holder !== undefined && holder.id !== claim.id && overlap(holder, claim)) {
      problems.push(problem('CLAIM-1', claim, `${say(claim)} was granted while ${say(holder)} stood`))
    }
    if (holder === undefined || claim.heldUntil > holder.heldUntil) holder = claim
  }
  return problems
}

/** `first` was answered first. Both surely held at one moment, or `second` was made altogether while `first` was held. */
function overlap(first: GrantedClaim, second: GrantedClaim): boolean {
  if (first.heldUntil <= second.end) return false
  return second.heldUntil > second.end || first.end < second.start
}

/** SETTLE-1: a job is consumed once, unless it was posted again in between. */
function consumedTwice({ operations, claims }: JobHistory): HistoryProblem[] {
  const consumed = claims.flatMap(claim => settled(claim, 'consume')).toSorted((a, b) => a.start - b.start)
  return consumed.slice(1).flatMap((second, i) => {
    const first = consumed[i] as Settled
    const again = operations.some(
      op => op.kind === 'post' && putsOnBoard(op) && endOf(op) >= first.start && op.start <= second.end,
    )
    return again
      ? []
      : [problem('SETTLE-1', second.claim, `${say(first.claim)} and ${say(second.claim)} both consumed it`)]
  })
}

/** SETTLE-2: no ending succeeds that was first tried after somebody else had got the job. */
function staleEndings({ claims }: JobHistory): HistoryProblem[] {
  return claims.flatMap(claim => {
    const ending = settled(claim)[0]
    const successor = claims.find(
      other =>
        other.scope === claim.scope &&
        other.token > claim.token &&
        ending !== undefined &&
        other.end < ending.start,
    )
    return successor === undefined
      ? []
      : [
          problem(
            'SETTLE-2',
            claim,
            `${say(claim)} was ended by its owner after ${say(successor)} had the job`,
          ),
        ]
  })
}

interface Settled {
  readonly claim: GrantedClaim
  readonly kind: Operation['kind']
  /** Of the first attempt: a later one may only have learnt that it had worked. */
  readonly start: number
  readonly end: number
}

/** The acknowledged ending of a claim, if there is one. */
function settled(claim: GrantedClaim, kind?: Operation['kind']): Settled[] {
  const attempts = claim.endings.filter(maybeDone)
  const done = attempts.find(({ outcome }) => outcome === 'ok')
  if (done === undefined || (kind !== undefined && done.kind !== kind)) return []
  const start = Math.min(
    ...attempts.filter(attempt => attempt.kind === done.kind).map(attempt => attempt.start),
  )
  return [{ claim, kind: done.kind, start, end: endOf(done) }]
}

type Place = 'on the board' | 'in the trash' | 'gone'

/** An operation that says where a job was at some moment between its start and its end. */
interface Sighting {
  readonly operation: Operation
  readonly place: Place
  /** It may have brought the job there. */
  readonly moves: boolean
  readonly start: number
}

/**
 * Nothing is lost, and what was acknowledged happened: the place where a job was found must be one to which some
 * operation brought it, or may have brought it, and from which no acknowledged one surely took it away afterwards.
 */
function misplaced({ jobId, operations, claims }: JobHistory, found: FinalJob | undefined): HistoryProblem[] {
  const place = found === undefined ? 'gone' : found.state === 'TRASHED' ? 'in the trash' : 'on the board'
  const sightings = operations.flatMap(operation => sighting(operation, claims))
  const certain = sightings.filter(({ operation }) => operation.outcome === 'ok')
  if (certain.length === 0 && place === 'gone') return []
  const reasons = sightings.filter(one => one.moves && one.place === place)
  const refuting = (reason: Sighting) =>
    certain.find(one => one.place !== place && one.start > endOf(reason.operation))
  if (reasons.some(reason => refuting(reason) === undefined)) return []
  const against = reasons.map(refuting).find(one => one !== undefined) ?? certain.at(-1)
  const evidence =
    against === undefined ? 'nobody brought it there' : `${sayOperation(against.operation)} was acknowledged`
  return [{ law: lawOfPlace(place, against), jobId, text: `it is ${place} in the end, but ${evidence}` }]
}

const endingPlaces: Readonly<Partial<Record<Operation['kind'], readonly [Place, boolean]>>> = {
  claim: ['on the board', false],
  abandon: ['on the board', false],
  forceRelease: ['on the board', false],
  restore: ['on the board', true],
  consume: ['gone', true],
  purge: ['gone', true],
  trash: ['in the trash', true],
}

function sighting(operation: Operation, claims: readonly GrantedClaim[]): Sighting[] {
  if (!maybeDone(operation)) return []
  const [place, moves] =
    operation.kind === 'post' ? placeOfPost(operation) : (endingPlaces[operation.kind] ?? [])
  if (place === undefined || moves === undefined) return []
  const claim = isEnding(operation) ? claims.find(({ id }) => id === operation.claimId) : undefined
  const start =
    claim === undefined ? operation.start : (settled(claim, operation.kind)[0]?.start ?? operation.start)
  return [{ operation, place, moves, start }]
}

function placeOfPost(post: Operation): readonly [Place, boolean] {
  if (post.state === 'TRASHED') return ['in the trash', false]
  return post.state === 'COMPLETE' || post.state === 'UNKNOWN' ? ['gone', false] : ['on the board', true]
}

function putsOnBoard(post: Operation): boolean {
  return maybeDone(post) && placeOfPost(post)[1]
}

function lawOfPlace(place: Place, against: Sighting | undefined): Law {
  if (place === 'gone' || against === undefined) return 'POST-1'
  return against.operation.kind === 'consume' ? 'SETTLE-1' : 'SETTLE-5'
}

/** CLAIM-7, CLAIM-12, CLAIM-14: a claim on the board is one that a client has and keeps, or that a dead one had. */
function ghostClaim(model: HistoryModel, job: JobHistory, found: FinalJob | undefined): HistoryProblem[] {
  if (found?.state !== 'CLAIMED') return []
  const claim = job.claims.find(({ token }) => token.toString() === found.token)
  if (claim === undefined) {
    const dead = model.operations.some(
      op => mayHaveClaimed(op, job.jobId) && model.stoppedSince(op.client, op.start),
    )
    const text = `${found.owner} holds it with token ${found.token}, but no client was told of that claim`
    return dead ? [] : [{ law: 'CLAIM-7', jobId: job.jobId, text }]
  }
  if (model.stoppedSince(claim.client, claim.end)) return []
  if (settled(claim).length > 0) return [problem('SETTLE-1', claim, `${say(claim)} was ended, but stands`)]
  if (model.closed(claim.client))
    return [problem('CLAIM-12', claim, `${say(claim)} stands, but its board was closed`)]
  if (claim.toldLost !== undefined)
    return [problem('CLAIM-14', claim, `${say(claim)} was given up, but stands`)]
  return []
}

function mayHaveClaimed(operation: Operation, jobId: string): boolean {
  const { kind, outcome } = operation
  return kind === 'claim' && outcome === 'unknown' && (operation.jobId ?? jobId) === jobId
}

/** CLAIM-7: a claim that its owner believes to have stands at the backend. */
function vanishedClaims(job: JobHistory, found: FinalJob | undefined): HistoryProblem[] {
  return job.claims
    .filter(claim => claim.heldUntil === Number.POSITIVE_INFINITY)
    .filter(claim => found?.state !== 'CLAIMED' || found.token !== claim.token.toString())
    .map(claim =>
      problem('CLAIM-7', claim, `${say(claim)} was not told to be lost, but the board does not have it`),
    )
}

function problem(law: Law, claim: GrantedClaim, text: string): HistoryProblem {
  return { law, jobId: claim.jobId, text }
}

function say({ client, token }: GrantedClaim): string {
  return `the claim of ${client} with token ${token}`
}

function sayOperation({ client, kind }: Operation): string {
  return `${kind} by ${client}`
}
