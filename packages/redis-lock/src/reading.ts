import type {
  Counts,
  Entity,
  JobsAnswer,
  JobsQuery,
  ListQuery,
  MalformedEntry,
  PageAnswer,
  ReadAnswer,
  ReadQuery,
  TrashQuery,
} from '@jobboard/core/driver'
import type { Board } from './board.js'
import { decodeJob, decodePosting, isJob, malformed, type Row } from './codec.js'
import type { Reply } from './scripts.js'

/** One look. */
export function read(board: Board, query: ReadQuery): Promise<ReadAnswer<ReadQuery>> {
  switch (query.kind) {
    case 'jobs':
      return look(board, query)
    case 'list':
      return list(board, query)
    case 'trash':
      return listTrash(board, query)
    case 'entities':
      return entities(board)
    case 'counts':
      return counts(board)
  }
}

async function look(board: Board, { ids }: JobsQuery): Promise<JobsAnswer> {
  const [, scope, found] = await board.scripts.run('look', ids, [board.newId(), ...ids])
  return { scope: String(scope), found: found.map(foundOf) }
}

function foundOf([word, row]: Reply): JobsAnswer['found'][number] {
  switch (String(word)) {
    case 'consume':
      return 'consumed'
    case 'trash':
      return 'purged'
    case 'absent':
      return 'absent'
  }
  const job = decodeJob(row)
  return isJob(job) ? job : 'malformed'
}

async function list(board: Board, query: ListQuery): Promise<PageAnswer> {
  const { states, limit, after, names = [] } = query
  const [place = '', newest = ''] = after?.split('/') ?? []
  const reply = await board.reconciling.run('list', [], trust => {
    return [trust, states, limit, place, newest, ...names]
  })
  const unread = reply[2] as readonly Entry[]
  const repaired = unread
    .filter(([id, bytes]) => problemOf(id, bytes) === undefined)
    .map(([id]) => String(id))
  if (repaired.length === 0) return pageOf(reply)
  await board.reconciling.adopt('board', repaired)
  return list(board, query)
}

async function listTrash(board: Board, { limit, after }: TrashQuery): Promise<PageAnswer> {
  const [place = '', newest = ''] = after?.split('/') ?? []
  return pageOf(await board.reconciling.run('listTrash', [], trust => [trust, limit, place, newest], 'trash'))
}

function pageOf([, rows, unread, place, newest, change]: Reply): PageAnswer {
  const found = (rows as readonly Row[]).map(decodeJob)
  const problems = (unread as readonly Entry[]).flatMap(([id, bytes]) => problemOf(id, bytes) ?? [])
  return {
    jobs: found.filter(isJob),
    malformed: [...problems, ...found.filter((entry): entry is MalformedEntry => !isJob(entry))],
    ...(place === null ? {} : { next: `${place}/${newest}` }),
    ...(change === null ? {} : { nextChangeInMs: Number(change) }),
  }
}

/** An entry of which nothing is known but that it did not parse. */
type Entry = readonly [id: Buffer, posting: Buffer]

function problemOf(id: Buffer, posting: Buffer): MalformedEntry | undefined {
  try {
    decodePosting(posting)
    return undefined
  } catch (error) {
    return malformed(id.toString(), error)
  }
}

async function entities(board: Board): Promise<readonly Entity[]> {
  const [, values] = await board.scripts.run('listEntities', [], [])
  return (values as readonly Buffer[]).map(value => {
    const text = value.toString()
    return JSON.parse(text.slice(text.indexOf('\n') + 1)) as Entity
  })
}

async function counts(board: Board): Promise<Counts> {
  const [, ...numbers] = await board.reconciling.run('counts', [], trust => [trust])
  const [unclaimed = 0, delayed = 0, claimed = 0, trashed = 0] = numbers.map(Number)
  return { unclaimed, delayed, claimed, trashed }
}
