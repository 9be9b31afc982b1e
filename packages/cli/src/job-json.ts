import type { Job, JobState, Priority } from '@jobboard/core'
import { printJson, readerGone } from './output.js'

/** A job as every command prints it with `--json`. Other programs read this: nothing is renamed, and absent things are null. */
export interface JobJson {
  readonly id: string
  readonly name: string
  readonly state: JobState
  readonly priority: Priority
  readonly owner: string | null
  readonly attempts: number
  readonly failures: number
  readonly losses: number
  readonly takeover: boolean
  /** In digits: tokens outgrow what JSON readers keep exact. */
  readonly fencingToken: string | null
  readonly createdOn: string
  readonly availableAt: string | null
  readonly details: Readonly<Record<string, unknown>>
  readonly book: { readonly uuid: string; readonly name: string } | null
  /** Of a trashed job only. */
  readonly trash?: TrashJson
}

export interface TrashJson {
  readonly reason: string
  readonly error: string | null
  readonly owner: string
  readonly at: string
}

export function jobJson(job: Job): JobJson {
  return {
    id: job.id,
    name: job.name,
    state: job.state,
    priority: job.priority,
    owner: job.owner ?? null,
    attempts: job.attempts,
    failures: job.failures,
    losses: job.losses,
    takeover: job.takeover,
    fencingToken: job.fencingToken?.toString() ?? null,
    createdOn: job.createdOn.toISOString(),
    availableAt: job.availableAt?.toISOString() ?? null,
    details: job.details,
    book: job.book === undefined ? null : { uuid: job.book.uuid, name: job.book.name },
    ...(job.trashedWith === undefined ? {} : { trash: trashJson(job.trashedWith) }),
  }
}

function trashJson(trash: NonNullable<Job['trashedWith']>): TrashJson {
  return { reason: trash.reason, error: trash.error ?? null, owner: trash.owner, at: trash.at.toISOString() }
}

/** Prints jobs, one a line, for as long as somebody reads. */
export async function printJobs(jobs: AsyncIterable<Job>): Promise<void> {
  for await (const job of jobs) {
    if (readerGone.aborted) return
    await printJson(jobJson(job))
  }
}
