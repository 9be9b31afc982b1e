import type { Move, Standing } from './history-moves.js'

/** So many standings of one job are followed; where more are possible everything overlaps, and nothing is certain. */
const mostStandings = 20_000

export interface WalkEnd {
  /** Where the job may stand after everything; empty when too much is possible. */
  readonly standings: readonly Standing[]
  /** The first move that cannot have taken place, though it was acknowledged; the standings are those before it. */
  readonly impossible?: Move
}

/** A standing, together with the moves under way that brought the job there. */
interface Stage {
  readonly standing: Standing
  readonly done: ReadonlySet<Move>
}

type Stages = ReadonlyMap<string, Stage>

/**
 * Follows everything that may have happened to one job, in the order of time, and keeps where it may stand.
 *
 * A move takes place at one moment between its two times, in any order with the moves that overlap it. When a certain one
 * ends, only the standings remain that it had part in: if there is none, it cannot have taken place.
 */
export function walk(moves: readonly Move[]): WalkEnd {
  const number = new Map(moves.map((move, i) => [move, i]))
  const underWay = new Set<Move>()
  let stages: Stages = stagesOf(
    [{ standing: { place: 'gone', endings: new Map() }, done: new Set() }],
    number,
  )
  for (const { move, begins } of momentsOf(moves)) {
    if (begins) {
      underWay.add(move)
      continue
    }
    const reached = reach(stages, underWay, number)
    if (reached === undefined) return { standings: [] }
    const left = [...reached.values()].filter(({ done }) => !move.isCertain || done.has(move))
    if (left.length === 0) return { standings: standingsOf(reached), impossible: move }
    underWay.delete(move)
    stages = stagesOf(
      left.map(({ standing, done }) => ({ standing, done: without(done, move) })),
      number,
    )
  }
  const reached = reach(stages, underWay, number)
  return { standings: reached === undefined ? [] : standingsOf(reached) }
}

interface Moment {
  readonly move: Move
  readonly begins: boolean
}

/** Beginnings and ends in the order of time. What touches overlaps: beginnings come first. */
function momentsOf(moves: readonly Move[]): readonly Moment[] {
  const beginnings = moves.map(move => ({ move, begins: true, at: move.from }))
  const ends = moves
    .filter(({ until }) => until !== Number.POSITIVE_INFINITY)
    .map(move => ({ move, begins: false, at: move.until }))
  return [...beginnings, ...ends].sort((a, b) =>
    a.at === b.at ? Number(b.begins) - Number(a.begins) : a.at - b.at,
  )
}

/** All stages that moves under way may bring about; undefined when they are too many. */
function reach(
  stages: Stages,
  underWay: ReadonlySet<Move>,
  number: ReadonlyMap<Move, number>,
): Stages | undefined {
  const reached = new Map(stages)
  for (const stage of reached.values()) {
    for (const move of underWay) {
      const next = step(stage, move)
      if (next === undefined) continue
      const key = keyOf(next, number)
      if (!reached.has(key)) reached.set(key, next)
      if (reached.size > mostStandings) return undefined
    }
  }
  return reached
}

function step({ standing, done }: Stage, move: Move): Stage | undefined {
  const remembers = move.isOnce
  if (remembers && done.has(move)) return undefined
  const next = move.apply(standing)
  return next && { standing: next, done: remembers ? new Set(done).add(move) : done }
}

function stagesOf(stages: readonly Stage[], number: ReadonlyMap<Move, number>): Stages {
  return new Map(stages.map(stage => [keyOf(stage, number), stage]))
}

function keyOf({ standing, done }: Stage, number: ReadonlyMap<Move, number>): string {
  const { place, holder, by, endings } = standing
  const moves = [...done].map(move => number.get(move) ?? -1).sort((a, b) => a - b)
  return [place, holder?.id, by?.kind, by?.client, by?.start, [...endings].sort().join(), moves.join()].join(
    '|',
  )
}

function without(done: ReadonlySet<Move>, move: Move): ReadonlySet<Move> {
  const rest = new Set(done)
  rest.delete(move)
  return rest
}

function standingsOf(stages: Stages): readonly Standing[] {
  return [...stages.values()].map(({ standing }) => standing)
}
