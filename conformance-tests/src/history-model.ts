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
  readonly owner: string | undefined
  /** When its owner was told that it is lost. */
  readonly toldLost: number | undefined
  /**
   * Up to here it was surely held, if the board keeps its laws and its owner did not end it; infinite when nothing is
   * known that could have ended it.
   */
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
  /** When the client stopped for ever: killed, or never thawed. */
  diedAt(client: string): number | undefined
  /** Whether the client began to close its board, or, if it died meanwhile, whether that was done. */
  closed(client: string): boolean
}

/** How quickly claims can be lost, where the caller knows it. */
export interface Timing {
  /** The shortest time to live of all clients. */
  readonly sessionTtlMs?: number
  /** The longest time from an owner's death to its job being claimable. */
  readonly takeoverMs?: number
}

/** How late an owner that did not run may hear that its claim was lost while it stood still. */
const noticeMs = 500

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

export function modelOf(operations: readonly Operation[], timing: Timing = {}): HistoryModel {
  const byJob = groupBy(operations, operation => operation.jobId)
  const byClaim = groupBy(operations, operation => operation.claimId)
  const byClient = groupBy(
    operations.filter(({ kind }) => kind === 'stopped' || kind === 'close'),
    operation => operation.client,
  )
  const groups = { byJob, byClaim, byClient }
  const claims = operations.flatMap(operation => grantedClaim(operation, groups, timing))
  const claimsByJob = groupBy(claims, claim => claim.jobId)
  const diedAt = (client: string): number | undefined =>
    byClient.get(client)?.find(({ kind, end }) => kind === 'stopped' && end === undefined)?.start
  return {
    operations,
    claims,
    jobs: [...byJob].map(([jobId, ops]) => ({
      jobId,
      operations: ops,
      claims: claimsByJob.get(jobId) ?? [],
    })),
    diedAt,
    closed: client => {
      const closes = byClient.get(client)?.filter(({ kind }) => kind === 'close') ?? []
      return closes.some(({ outcome }) => outcome === 'ok' || diedAt(client) === undefined)
    },
  }
}

type Groups = Readonly<Record<'byJob' | 'byClaim' | 'byClient', ReadonlyMap<string, readonly Operation[]>>>

function grantedClaim(claim: Operation, groups: Groups, timing: Timing): GrantedClaim[] {
  const { kind, outcome, claimId, jobId, token, scope, client, owner, start, end } = claim
  if (kind !== 'claim' || outcome !== 'ok') return []
  if (claimId === undefined || jobId === undefined || token === undefined || end === undefined) return []
  const ofClaim = groups.byClaim.get(claimId) ?? []
  const toldLost = ofClaim.find(operation => operation.kind === 'lost')?.start
  const losses = [
    // Told before the grant itself was heard of: then it may have been lost as soon as it was there.
    ...(toldLost === undefined ? [] : [toldLost <= end ? start : toldLost]),
    // A refusal tells the owner, too.
    ...ofClaim.filter(op => isEnding(op) && !maybeDone(op)).map(op => op.start),
    ...(groups.byClient.get(client) ?? [])
      .filter(op => op.kind === 'close' || mayCost(op, start, toldLost, timing))
      .map(op => op.start),
    ...(groups.byJob.get(jobId) ?? []).filter(op => forces(op, start, token)).map(op => op.start),
  ]
  return [
    {
      ...{ id: claimId, client, jobId, token: BigInt(token), scope: scope ?? '', owner },
      ...{ start, end, toldLost, heldUntil: Math.min(...losses, Number.POSITIVE_INFINITY) },
    },
  ]
}

/**
 * Whether a stop may have cost a claim that began at `start`. A short one cannot, while renewals are answered; when they
 * are not, the owner is told as soon as it runs again.
 */
function mayCost(
  stop: Operation,
  start: number,
  toldLost: number | undefined,
  { sessionTtlMs }: Timing,
): boolean {
  const { end = Number.POSITIVE_INFINITY } = stop
  if (end < start) return false
  if (sessionTtlMs === undefined || end - stop.start >= shortestFatalStopMs(sessionTtlMs)) return true
  return toldLost !== undefined && toldLost >= stop.start && toldLost <= end + noticeMs
}

/** What is left of a session when its next renewal, a third of its time to live after the last one, is due. */
function shortestFatalStopMs(ttlMs: number): number {
  return (ttlMs * 2) / 3 - Math.max(ttlMs / 10, 500)
}

/** An operator may have ended the claim with this token, which was granted at `start` or later. */
function forces(operation: Operation, start: number, token: string): boolean {
  if (operation.kind !== 'forceRelease' || !maybeDone(operation) || endOf(operation) < start) return false
  return operation.token === undefined || operation.token === token
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
