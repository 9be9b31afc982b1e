import type { Operation, OperationKind } from './history.js'
import { endOf, type GrantedClaim, isEnding, type JobHistory, maybeDone } from './history-model.js'

/** Where a job may be at one moment, as far as its history tells. */
export interface Standing {
  readonly place: Place
  /** Whose claim it is; only on the board. */
  readonly holder?: GrantedClaim
  /** What brought it to its place. */
  readonly by?: Operation
  /** The acknowledged way in which claims were ended, which a second send is told again. */
  readonly endings: ReadonlyMap<string, OperationKind>
}

export type Place = 'on the board' | 'in the trash' | 'gone'

/** Something that changes where a job stands, or proves it, at one moment between two times. */
export interface Move {
  /** Absent for what nobody recorded. */
  readonly operation?: Operation
  readonly claim?: GrantedClaim
  readonly from: number
  /** Infinite: it may happen at any later time. */
  readonly until: number
  /** It was acknowledged, so it took place; others may never take place. */
  readonly isCertain: boolean
  /** It takes place once at most, though nothing in the job's standing shows whether it did. */
  readonly isOnce: boolean
  /** The standing afterwards; undefined where it cannot take place. */
  apply(standing: Standing): Standing | undefined
}

/** What may have been done by others, of whom the history tells nothing. */
export interface Others {
  /** They worked on this job. */
  readonly moveJobs: boolean
  /** From then on a job may have been put on the board by a post that was never answered, not even with its id. */
  readonly mayPostFrom: number | undefined
}

/** Everything that can have moved one job. */
export function movesOf({ operations, claims }: JobHistory, others: Others): readonly Move[] {
  return [
    ...operations.filter(maybeDone).flatMap(operation => movesOfOperation(operation, claims)),
    ...claims.flatMap(loss),
    ...(others.moveJobs ? movesOfOthers() : []),
    ...(others.mayPostFrom === undefined
      ? []
      : [{ ...unseen, from: others.mayPostFrom, isOnce: true, apply: put }]),
  ]
}

function movesOfOperation(operation: Operation, claims: readonly GrantedClaim[]): readonly Move[] {
  const claim = claims.find(({ id }) => id === operation.claimId)
  const move = moveOf(operation, claim)
  if (isEnding(operation)) return [{ ...move, apply: ending(operation, claim) }]
  switch (operation.kind) {
    case 'post':
      return posting(operation, move)
    case 'claim':
      // A claim that was never answered may have come and gone: it hinders nothing.
      return claim === undefined ? [] : [{ ...move, apply: taking(claim) }]
    case 'forceRelease':
      return [{ ...move, apply: forcing(operation) }]
    case 'restore':
      return [{ ...move, apply: restoring(operation) }]
    case 'purge':
      return [{ ...move, apply: purging(operation) }]
    default:
      return []
  }
}

function moveOf(operation: Operation, claim: GrantedClaim | undefined): Omit<Move, 'apply'> {
  return {
    operation,
    ...(claim && { claim }),
    from: operation.start,
    until: endOf(operation),
    isCertain: operation.outcome === 'ok',
    isOnce: true,
  }
}

const unseen = {
  from: Number.NEGATIVE_INFINITY,
  until: Number.POSITIVE_INFINITY,
  isCertain: false,
  isOnce: false,
}

/** The job was there already, or the post put it there; by the time of the answer it may have gone on. */
function posting(operation: Operation, move: Omit<Move, 'apply'>): readonly Move[] {
  const puts: Move = { ...move, isCertain: false, apply: standing => put(standing, operation) }
  return move.isCertain ? [puts, { ...move, apply: answering(operation) }] : [puts]
}

function put(standing: Standing, by?: Operation): Standing | undefined {
  return standing.place === 'gone' ? moved(standing, 'on the board', by) : undefined
}

function answering({ state }: Operation): Move['apply'] {
  return standing => {
    if (state === 'UNKNOWN') return standing
    const place = state === 'TRASHED' ? 'in the trash' : state === 'COMPLETE' ? 'gone' : 'on the board'
    return standing.place === place ? standing : undefined
  }
}

function taking(claim: GrantedClaim): Move['apply'] {
  return standing => {
    if (standing.place !== 'on the board') return undefined
    return standing.holder === undefined ? { ...standing, holder: claim } : undefined
  }
}

const placeAfter: Readonly<Partial<Record<OperationKind, Place>>> = {
  consume: 'gone',
  abandon: 'on the board',
  trash: 'in the trash',
}

function ending(operation: Operation, claim: GrantedClaim | undefined): Move['apply'] {
  const { kind } = operation
  const place = placeAfter[kind] ?? 'gone'
  if (claim === undefined) {
    return standing => (standing.place === 'on the board' ? moved(standing, place, operation) : undefined)
  }
  const isLate = claim.toldLost !== undefined && claim.toldLost < operation.start
  return standing => {
    // Sent again, it only learns that it had worked.
    if (standing.endings.get(claim.id) === kind) return standing
    if (standing.holder?.id !== claim.id || isLate) return undefined
    const endings = new Map(standing.endings).set(claim.id, kind)
    // A job that is given back was brought to the board by what had brought it there before.
    return { ...moved(standing, place, kind === 'abandon' ? standing.by : operation), endings }
  }
}

/** Ends the claim that was meant. A later one stays: then somebody else had been faster with that one. */
function forcing(operation: Operation): Move['apply'] {
  return standing => {
    const { place, holder } = standing
    if (place !== 'on the board') return undefined
    return holder !== undefined && isMeant(holder, operation) ? freed(standing) : standing
  }
}

function isMeant(holder: GrantedClaim, { token, start }: Operation): boolean {
  return token === undefined ? holder.end < start : holder.token <= BigInt(token)
}

function restoring(operation: Operation): Move['apply'] {
  return standing => {
    if (standing.place === 'in the trash') return moved(standing, 'on the board', operation)
    // When its first answer was lost, a restore that somebody else made meanwhile is as good.
    return standing.place === 'on the board' && standing.by?.kind === 'restore' ? standing : undefined
  }
}

function purging(operation: Operation): Move['apply'] {
  return standing => {
    if (standing.place === 'in the trash') return moved(standing, 'gone', operation)
    // When its first answer was lost, it is enough that nothing is left.
    return standing.place === 'gone' && standing.by !== undefined ? standing : undefined
  }
}

/** From some moment on a claim may be lost without anybody's doing. */
function loss(claim: GrantedClaim): readonly Move[] {
  if (claim.heldUntil === Number.POSITIVE_INFINITY) return []
  const apply: Move['apply'] = standing => (standing.holder?.id === claim.id ? freed(standing) : undefined)
  return [{ ...unseen, from: claim.heldUntil, apply }]
}

/** They may do with a free job what they like, but bring none back that was consumed. */
function movesOfOthers(): readonly Move[] {
  const to = (place: Place): Move => ({
    ...unseen,
    apply: standing => {
      if (standing.place === place || standing.holder !== undefined || standing.by?.kind === 'consume')
        return undefined
      return moved(standing, place, undefined)
    },
  })
  return [to('on the board'), to('in the trash'), to('gone')]
}

function moved({ endings }: Standing, place: Place, by: Operation | undefined): Standing {
  return { place, endings, ...(by && { by }) }
}

function freed({ place, by, endings }: Standing): Standing {
  return { place, endings, ...(by && { by }) }
}
