import {
  type ClaimGrant,
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

/** A row of `jobboard_jobs` as the driver itself uses it. */
export interface JobRow {
  readonly seat: number
  readonly entry: number
  readonly id: string
  readonly name: string
  readonly priority: string
  readonly hash: string
  readonly state: 'ready' | 'delayed' | 'claimed' | 'trashed' | 'malformed'
  readonly available_at: number | null
  readonly claim_id: string | null
  readonly session: string | null
  readonly owner: string | null
  readonly token: number | null
  readonly forced_token: number | null
}

/** A row as anybody may have written it, with its details; whole numbers are read as bigints, since none is too large then. */
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

const json = v.pipe(v.string(), v.parseJson())
const book = v.pipe(json, v.strictObject({ uuid: v.string(), name: v.string() }))
const lostClaim = v.pipe(
  json,
  v.strictObject({
    owner: v.string(),
    at: v.number(),
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
    at: v.number(),
  }),
)

/** Reads a row, or says why it is not a job. */
export function decodeJob(row: ForeignRow): JobRecord | MalformedEntry {
  try {
    return jobOf(row)
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    return { where: `jobboard_jobs, id ${JSON.stringify(row.id)}`, problem }
  }
}

export function isJob(decoded: JobRecord | MalformedEntry): decoded is JobRecord {
  return 'standing' in decoded
}

function jobOf(row: ForeignRow): JobRecord {
  const lostBy = lostClaimOf(row.lost_by)
  return {
    id: row.id,
    name: row.name,
    priority: priorityOf(row),
    details: detailsOf(row.details),
    ...(row.book === null ? {} : { book: v.parse(book, row.book) }),
    createdOn: Number(row.created_on),
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
  const details: unknown = text === null ? undefined : JSON.parse(text)
  if (typeof details === 'object' && details !== null && !Array.isArray(details)) return text as string
  throw new Error('the details are not the JSON text of an object')
}

function standingOf(row: ForeignRow): Standing {
  switch (row.state) {
    case 'ready':
      return { state: 'UNCLAIMED' }
    case 'delayed':
      return { state: 'UNCLAIMED', availableAt: Number(present(row.available_at, 'available_at')) }
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

/** The claim on a job as its claimer gets it. */
export function grantOf(row: ForeignRow, job: JobRecord, claimId: string): ClaimGrant {
  const previous = lostClaimOf(row.previous)
  const token = job.standing.state === 'CLAIMED' ? job.standing.token : 0n
  return { kind: 'claimed', claimId, token, job, ...(previous === undefined ? {} : { previous }) }
}

/** The claim that a claimed row shows. */
export function claimOf(row: JobRow): UnnamedClaim {
  return { jobId: row.id, claimId: String(row.claim_id), token: BigInt(row.token ?? 0) }
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
    standing: { state: 'UNCLAIMED', ...(delayMs > 0 ? { availableAt: Math.ceil(now + delayMs) } : {}) },
  }
}
