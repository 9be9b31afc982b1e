import { createHash } from 'node:crypto'
import {
  type BookRef,
  type ClaimGrant,
  contentHash,
  type JobRecord,
  type LostClaim,
  type MalformedEntry,
  type Posting,
  type Priority,
  priorities,
  type Standing,
} from '@jobboard/core/driver'
import { ordersPerRank } from './layout.js'
import { decodeValue, encodeValue, jsonOf, PythonDate } from './msgpack.js'

/** What a posting says that somebody wrote, in TaskFlow's form. */
export interface Content extends Pick<JobRecord, 'id' | 'name' | 'priority' | 'details' | 'createdOn'> {
  readonly book?: BookRef
  /** Its digits; another program may have written any number. */
  readonly sequence: string
}

/** A job as the scripts answer with it: id, posting, owner ('' in the trash), fields of the companion. */
export type Row = readonly [
  id: Buffer,
  posting: Buffer,
  owner: Buffer | null,
  companion: readonly (Buffer | null)[],
]

/**
 * The bytes of a posting but for the time of creation and the sequence, which the server adds: before them, and between them.
 *
 * In Python's order. Where the text of the details would not come back from msgpack as it was, it goes along in `x`.
 */
export function encodePosting({ id, name, priority, details, book }: Posting): readonly [Buffer, Buffer] {
  const plain: unknown = JSON.parse(details)
  const text = JSON.stringify(plain) === details ? {} : { x: { details } }
  const middle = Object.entries({
    details: plain,
    ...(book === undefined ? {} : { book: { name: book.name, uuid: book.uuid } }),
    ...text,
  })
  const head = ['uuid', id, 'name', name, 'priority', priority, 'created_on']
  const members = 5 + middle.length
  return [
    Buffer.concat([Uint8Array.of(0x80 + members), ...head.map(encodeValue)]),
    Buffer.concat([...middle.flat(), 'sequence'].map(encodeValue)),
  ]
}

/** @throws Error that says why it is no posting, in TaskFlow's sense */
export function decodePosting(bytes: Buffer): Content {
  const posting = decodeValue(bytes)
  if (typeof posting !== 'object' || posting === null) throw new Error('the posting is no map')
  const { uuid, name, priority, details, book, created_on, sequence, x } = posting as Readonly<
    Record<string, unknown>
  >
  if (typeof sequence !== 'number' && typeof sequence !== 'bigint') throw new Error('sequence is no number')
  if (created_on === undefined) throw new Error('created_on is missing')
  return {
    id: textOf(uuid, 'uuid'),
    name: textOf(name, 'name'),
    priority: priorityOf(priority),
    details: detailsOf(details, x),
    ...bookOf(book),
    createdOn: timeOf(created_on),
    sequence: String(sequence),
  }
}

/** Reads a row, or says why it is not a job. */
export function decodeJob(row: Row): JobRecord | MalformedEntry {
  try {
    return jobOf(row)
  } catch (error) {
    return malformed(row[0].toString(), error)
  }
}

export function malformed(id: string, error: unknown): MalformedEntry {
  return { where: `listings, field ${id}`, problem: error instanceof Error ? error.message : String(error) }
}

export function isJob(decoded: JobRecord | MalformedEntry): decoded is JobRecord {
  return 'standing' in decoded
}

/** The hash of a job's content; for the job of another program it is made of its posting. */
export function hashOf(row: Row): string {
  return row[3][14]?.toString() ?? contentHash(decodePosting(row[1]))
}

/** The claim on a job as its claimer gets it. */
export function grantOf(row: Row, job: JobRecord, claimId: string): ClaimGrant {
  const previous = lostClaimOf(row[3][5])
  const token = job.standing.state === 'CLAIMED' ? job.standing.token : 0n
  return { kind: 'claimed', claimId, token, job, ...(previous === undefined ? {} : { previous }) }
}

function jobOf(row: Row): JobRecord {
  const [score, attempts, failures, losses, lost, previous] = row[3]
  const { sequence, ...content } = decodePosting(row[1])
  const lostBy = lostClaimOf(lost)
  return {
    ...content,
    id: row[0].toString(),
    order: score ? BigInt(score.toString()) % ordersPerRank : BigInt(Math.trunc(Number(sequence))),
    attempts: Number(attempts ?? 0),
    failures: Number(failures ?? 0),
    losses: Number(losses ?? 0),
    ...(lostBy === undefined ? {} : { lostBy }),
    takeover: previous !== null && previous !== undefined,
    standing: standingOf(row, content.createdOn),
  }
}

/** Owner is '' in the trash. What another program trashed has no reason. */
function standingOf([, , owner, companion]: Row, createdOn: number): Standing {
  const [availableAt, claimId, claimOwner, token, reason, error, trasher, at] = companion.slice(6)
  if (owner === null) return { state: 'UNCLAIMED' }
  if (owner.length === 0) {
    return {
      state: 'TRASHED',
      reason: reason?.toString() ?? 'trashed by another program',
      ...(error ? { error: error.toString() } : {}),
      owner: trasher?.toString() ?? 'unknown',
      at: Number(at ?? createdOn),
    }
  }
  if (availableAt && owner.toString() === 'jobboard:delayed')
    return { state: 'UNCLAIMED', availableAt: Number(availableAt) }
  const ours = claimId && token && claimOwner?.equals(owner)
  return {
    state: 'CLAIMED',
    owner: owner.toString(),
    token: ours ? BigInt(token.toString()) : foreignToken(owner),
  }
}

/** As the scripts make it, so that a foreign claim can be forced to end. */
function foreignToken(owner: Buffer): bigint {
  return -BigInt(`0x${createHash('sha1').update(owner).digest('hex').slice(0, 12)}`)
}

function lostClaimOf(text: Buffer | null | undefined): LostClaim | undefined {
  return text ? (JSON.parse(text.toString()) as LostClaim) : undefined
}

function textOf(value: unknown, field: string): string {
  if (typeof value === 'string') return value
  throw new Error(`${field} is no text`)
}

/** Any case, and NORMAL where it is missing, as TaskFlow reads it. */
function priorityOf(value: unknown = 'NORMAL'): Priority {
  const priority = priorities.find(known => known === String(value).toUpperCase())
  if (priority === undefined) throw new Error(`unknown priority ${jsonOf(value)}`)
  return priority
}

function detailsOf(details: unknown = null, x: unknown = null): string {
  const text = (x as { readonly details?: unknown } | null)?.details
  if (typeof text === 'string') return text
  if (details === null) return '{}'
  if (typeof details !== 'object' || Array.isArray(details)) throw new Error('details are no map')
  return jsonOf(details)
}

function bookOf(book: unknown): { readonly book?: BookRef } {
  const { uuid, name } = (book ?? {}) as Partial<BookRef>
  return typeof uuid === 'string' && typeof name === 'string' ? { book: { uuid, name } } : {}
}

/** What else somebody wrote there is no time that we know. */
function timeOf(value: unknown): number {
  const time = value instanceof PythonDate ? value.time : Number.NaN
  return Number.isNaN(time) ? 0 : time
}
