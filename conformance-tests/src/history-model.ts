import type { Operation } from './history.js'

/** A claim that its client was granted, with all that is known of its end. */
export interface GrantedClaim {
  readonly id: string
  readonly client: string
  readonly jobId: string
  readonly token: bigint
  readonly scope: string
  /** The grant happened between these two. */
  readonly start: number
  readonly end: number
  /** All attempts to end it, refused ones included. */
  readonly endings: readonly Operation[]
  /** When its owner was told that it is lost. */
  readonly toldLost: number | undefined
  /** Up to here the claim was surely held, if the board keeps its laws; infinite when nothing is known to have ended it. */
  readonly heldUntil: number
}

/** Everything about one job id. */
export interface JobHistory {
  readonly jobId: string
  readonly operations: readonly Operation[]
  readonly claims: readonly GrantedClaim[]
}

/** Operations, put in order for the rules. */
export interface HistoryModel {
  readonly operations: readonly Operation[]
  readonly claims: readonly GrantedClaim[]
  readonly jobs: readonly JobHistory[]
  /** Whether the client was dead or stopped at that time or later: killed, never thawed, or the machine was busy. */
  stoppedSince(client: string, time: number): boolean
  /** Whether the client began to close its board. */
  closed(client: string): boolean
}

/** Not answered means: it may still happen. */
export function endOf(operation: Operation): number {
  return operation.outcome === 'unknown'
    ? Number.POSITIVE_INFINITY
    : (operation.end ?? Number.POSITIVE_INFINITY)
}

export function isEnding({ kind }: Operation): boolean {
  return kind === 'consume' || kind === 'abandon' || kind === 'trash'
}

/** Did it, or may have done it. */
export function maybeDone({ outcome }: Operation): boolean {
  return outcome !== 'refused'
}

export function modelOf(operations: readonly Operation[]): HistoryModel {
  const byJob = groupBy(operations, operation => operation.jobId)
  const byClaim = groupBy(operations, operation => operation.claimId)
  const byClient = groupBy(
    operations.filter(({ kind }) => kind === 'stopped' || kind === 'close'),
    operation => operation.client,
  )
  const claims = operations.flatMap(operation => grantedClaim(operation, byJob, byClaim, byClient))
  const claimsByJob = groupBy(claims, claim => claim.jobId)
  return {
    operations,
    claims,
    jobs: [...byJob].map(([jobId, ops]) => ({
      jobId,
      operations: ops,
      claims: claimsByJob.get(jobId) ?? [],
    })),
    stoppedSince: (client, time) =>
      (byClient.get(client) ?? []).some(({ kind, end }) => kind === 'stopped' && (end ?? time) >= time),
    closed: client => (byClient.get(client) ?? []).some(({ kind }) => kind === 'close'),
  }
}

type Groups = ReadonlyMap<string, readonly Operation[]>

function grantedClaim(claim: Operation, byJob: Groups, byClaim: Groups, byClient: Groups): GrantedClaim[] {
  const { kind, outcome, claimId, jobId, token, scope, client, start, end } = claim
  if (kind !== 'claim' || outcome !== 'ok') return []
  if (claimId === undefined || jobId === undefined || token === undefined || end === undefined) return []
  const ofClaim = byClaim.get(claimId) ?? []
  const endings = ofClaim.filter(isEnding)
  const toldLost = ofClaim.find(operation => operation.kind === 'lost')?.start
  const ends = [
    ...endings.map(ending => ending.start),
    ...(toldLost === undefined ? [] : [toldLost]),
    ...(byClient.get(client) ?? []).filter(stop => (stop.end ?? end) >= end).map(stop => stop.start),
    ...(byJob.get(jobId) ?? []).filter(force => forces(force, start)).map(force => force.start),
  ]
  const heldUntil = Math.max(end, Math.min(...ends, Number.POSITIVE_INFINITY))
  return [
    {
      id: claimId,
      client,
      jobId,
      token: BigInt(token),
      scope: scope ?? '',
      start,
      end,
      endings,
      toldLost,
      heldUntil,
    },
  ]
}

/** An operator may have ended a claim that was granted at `start` or later. */
function forces(operation: Operation, start: number): boolean {
  return operation.kind === 'forceRelease' && maybeDone(operation) && endOf(operation) >= start
}

export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string | undefined): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    if (key === undefined) continue
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}
