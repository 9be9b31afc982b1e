import type { Operation } from '@jobboard/conformance-tests'
import type { Mark } from './work-log.js'
import type { Heard, WorkerProcess } from './worker-process.js'

/**
 * Puts together what happened from what was heard and written down, in the terms of the history checker.
 *
 * A worker's event is heard after the fact, so it says by when something had been done; that it had not been done before
 * some moment follows from the marks of the commands: a claim was there when its command began, and its ending began when the
 * command was done. Where there is no mark, the start of the process stands for it.
 */
export function operationsOf(
  workers: readonly WorkerProcess[],
  marks: readonly Mark[],
  scope: string,
): readonly Operation[] {
  const byClaim = new Map<string, { start?: Mark; end?: Mark }>()
  for (const mark of marks) {
    const key = claimId(mark.jobId, mark.token)
    byClaim.set(key, { ...byClaim.get(key), [mark.what]: mark })
  }
  return workers.flatMap(worker => [
    ...worker.stops.map(({ from, until }): Operation => {
      const stopped = { client: worker.name, kind: 'stopped', start: from, outcome: 'ok' } as const
      return until === undefined ? stopped : { ...stopped, end: until }
    }),
    ...worker.heard.map(heard => operationOf(worker, heard, byClaim.get(idOf(heard)) ?? {}, scope)),
    ...untold(worker).flatMap(heard => perhapsConsumed(worker, heard, byClaim.get(idOf(heard)) ?? {})),
  ])
}

/** The CLI prints no claim ids, but a token belongs to one claim. */
export function claimId(jobId: string, token: string): string {
  return `${jobId} ${token}`
}

function idOf({ job }: Heard): string {
  return claimId(job.id, job.fencingToken)
}

interface Marks {
  readonly start?: Mark
  readonly end?: Mark
}

function operationOf(worker: WorkerProcess, heard: Heard, { start, end }: Marks, scope: string): Operation {
  const about = { client: worker.name, jobId: heard.job.id, claimId: idOf(heard), outcome: 'ok' } as const
  const claimed = start?.from ?? worker.startedAt
  switch (heard.event) {
    case 'claimed': {
      const until = Math.min(heard.at, start?.until ?? heard.at)
      const claim = { token: heard.job.fencingToken, scope, owner: worker.name }
      return { ...about, ...claim, kind: 'claim', start: worker.startedAt, end: until }
    }
    case 'consumed':
      return { ...about, kind: 'consume', start: end?.from ?? claimed, end: heard.at }
    case 'abandoned':
      return { ...about, kind: 'abandon', start: claimed, end: heard.at }
    case 'trashed':
      return { ...about, kind: 'trash', start: claimed, end: heard.at }
    case 'lost':
      // The owner was told at some moment since the command began: from then on the claim may have been somebody else's.
      return { ...about, kind: 'lost', start: claimed, end: heard.at }
  }
}

/** Claims of which a worker told the beginning and, since it was killed, never the end. */
function untold({ heard }: WorkerProcess): readonly Heard[] {
  const told = new Set(heard.filter(({ event }) => event !== 'claimed').map(idOf))
  return heard.filter(one => one.event === 'claimed' && !told.has(idOf(one)))
}

/** The command was done, so the worker may have consumed the job before it could say so. */
function perhapsConsumed(worker: WorkerProcess, heard: Heard, { end }: Marks): readonly Operation[] {
  if (end === undefined) return []
  const about = { client: worker.name, jobId: heard.job.id, claimId: idOf(heard) }
  return [{ ...about, kind: 'consume', start: end.from, outcome: 'unknown' }]
}
