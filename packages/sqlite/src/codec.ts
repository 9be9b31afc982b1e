import {
  type ClaimGrant,
  type Entity,
  type JobRecord,
  type LostClaim,
  type MalformedEntry,
  type Posting,
  type Priority,
  priorities,
  priorityRank,
  type Standing,
  type UnnamedClaim,
} from '@jobboard/core/driver'
import * as v from 'valibot'
import { orderOf, seatsPerRank } from './layout.js'

/** A row of `jobboard_jobs` as the driver itself uses it. Anybody may have written it, so whole numbers are read as bigints. */
export interface JobRow {
  readonly seat: bigint
  readonly entry: bigint
  readonly id: string
  readonly name: string
  readonly priority: string
  readonly hash: string
  readonly state: 'ready' | 'delayed' | 'claimed' | 'trashed' | 'malformed'
  readonly available_at: bigint | null
  readonly claim_id: string | null
  readonly session: string | null
  readonly owner: string | null
  readonly token: bigint | null
  readonly forced_token: bigint | null
}

/** All that a job is, with its details. */
export interface ForeignRow {
  readonly seat: bigint
  readonly id: string
  readonly name: string
  readonly priority: string
  readonly details: string | null
  readonly book: string | null
  readonly created_on: bigint
  readonly state: string
  readonly available_at: bigint | null
  readonly attempts: bigint
  readonly failures: bigint
  readonly losses: bigint
  readonly lost_by: string | null
  readonly previous: string | null
  readonly owner: string | null
  readonly token: bigint | null
  readonly trashed_with: string | null
}

export interface EntityRow {
  readonly kind: string
  readonly name: string
  readonly metadata: string
}

/** Milliseconds from 1970 at which the dates of JavaScript end, in both directions. */
const lastDate = 8.64e15

const date = v.pipe(v.number(), v.minValue(-lastDate), v.maxValue(lastDate))
const json = v.pipe(v.string(), v.parseJson())
const book = v.pipe(json, v.strictObject({ uuid: v.string(), name: v.string() }))
const lostClaim = v.pipe(
  json,
  v.strictObject({
    owner: v.string(),
    at: date,
    cause: v.picklist(['expired', 'forced', 'closed']),
    reason: v.exactOptional(v.string()),
  }),
)
const trashedWith = v.pipe(
  json,
  v.strictObject({
    reason: v.string(),
    error: v.exactOptional(v.string()),
    owner: v.string(),
    at: date,
  }),
)

/** Reads a row, or says why it is not a job. */
export function decodeJob(row: ForeignRow): JobRecord | MalformedEntry {
  return decoded(`jobboard_jobs, id ${JSON.stringify(row.id)}`, () => jobOf(row))
}

/** Reads a row, or says why it is not an entity. */
export function decodeEntity({ kind, name, metadata }: EntityRow): Entity | MalformedEntry {
  return decoded(`jobboard_entities, ${kind} ${JSON.stringify(name)}`, () => ({
    kind,
    name,
    metadata: objectOf(metadata, 'metadata'),
  }))
}

function decoded<T>(where: string, decode: () => T): T | MalformedEntry {
  try {
    return decode()
  } catch (error) {
    return { where, problem: error instanceof Error ? error.message : String(error) }
  }
}

export function isJob(entry: JobRecord | MalformedEntry): entry is JobRecord {
  return 'standing' in entry
}

function jobOf(row: ForeignRow): JobRecord {
  const lostBy = lostClaimOf(row.lost_by)
  return {
    id: row.id,
    name: row.name,
    priority: priorityOf(row),
    details: detailsOf(row.details),
    ...(row.book === null ? {} : { book: v.parse(book, row.book) }),
    createdOn: dateOf(row.created_on, 'created_on'),
    order: orderOf(row.seat),
    attempts: countOf(row.attempts),
    failures: countOf(row.failures),
    losses: countOf(row.losses),
    ...(lostBy === undefined ? {} : { lostBy }),
    takeover: lostClaimOf(row.previous) !== undefined,
    standing: standingOf(row),
  }
}

/** What counts by itself may be raised by one. */
function countOf(count: bigint): number {
  if (count >= 0n && count < BigInt(Number.MAX_SAFE_INTEGER)) return Number(count)
  throw new Error(`${count} is no count`)
}

function lostClaimOf(text: string | null): LostClaim | undefined {
  return text === null ? undefined : v.parse(lostClaim, text)
}

function priorityOf(row: ForeignRow): Priority {
  const priority = priorities.find(known => known === row.priority)
  if (priority === undefined) throw new Error(`unknown priority ${JSON.stringify(row.priority)}`)
  if (row.state !== 'trashed' && BigInt(priorityRank(priority)) !== row.seat / BigInt(seatsPerRank)) {
    throw new Error(`seat ${row.seat} is not among those of priority ${priority}`)
  }
  return priority
}

function detailsOf(text: string | null): string {
  const details = present(text, 'details')
  objectOf(details, 'details')
  return details
}

function objectOf(text: string, what: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(text)
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, unknown>>
  throw new Error(`${what}: not the JSON text of an object`)
}

function dateOf(value: bigint, column: string): number {
  if (value >= -lastDate && value <= lastDate) return Number(value)
  throw new Error(`${column} is ${value}, which is no date`)
}

function standingOf(row: ForeignRow): Standing {
  switch (row.state) {
    case 'ready':
      return { state: 'UNCLAIMED' }
    case 'delayed':
      return {
        state: 'UNCLAIMED',
        availableAt: dateOf(present(row.available_at, 'available_at'), 'available_at'),
      }
    case 'claimed':
      return { state: 'CLAIMED', owner: present(row.owner, 'owner'), token: present(row.token, 'token') }
    case 'trashed':
      return { state: 'TRASHED', ...v.parse(trashedWith, row.trashed_with) }
    default:
      throw new Error(`unknown state ${JSON.stringify(row.state)}`)
  }
}

function present<T>(value: T | null, column: string): T {
  if (value === null) throw new Error(`${column} is missing`)
  return value
}

/** The claim on a job that is claimed, as its claimer gets it. */
export function grantOf(row: ForeignRow, job: JobRecord, claimId: string): ClaimGrant {
  if (job.standing.state !== 'CLAIMED') throw new Error(`job ${job.id} is not claimed`)
  const previous = lostClaimOf(row.previous)
  const { token } = job.standing
  return { kind: 'claimed', claimId, token, job, ...(previous === undefined ? {} : { previous }) }
}

/** The claim that a claimed row shows; nothing for a row without a token, since nobody could end such a claim by it. */
export function claimOf({ id, claim_id, token }: JobRow): UnnamedClaim | undefined {
  return claim_id === null || token === null ? undefined : { jobId: id, claimId: claim_id, token }
}

/** When a delay that begins now ends: whole milliseconds, and a date whatever the delay. */
export function delayEnd(now: number, delayMs: number): number {
  return Math.min(Math.ceil(now + delayMs), lastDate)
}

/** A job that was posted just now. */
export function jobOfPosting(posting: Posting, order: number, now: number): JobRecord {
  const { id, name, priority, details, book, delayMs } = posting
  return {
    id,
    name,
    priority,
    details,
    ...(book === undefined ? {} : { book }),
    createdOn: now,
    order: BigInt(order),
    attempts: 0,
    failures: 0,
    losses: 0,
    takeover: false,
    standing: { state: 'UNCLAIMED', ...(delayMs > 0 ? { availableAt: delayEnd(now, delayMs) } : {}) },
  }
}
