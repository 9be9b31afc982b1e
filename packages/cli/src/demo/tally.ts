import type { Counts, Jobboard } from '@jobboard/core'
import type { Ledger } from './ledger.js'
import type { StepLine, Storage } from './storage.js'

/** The proof at the end. */
export interface DemoCount {
  readonly posted: number
  /** Jobs whose steps the storage has exactly once each, and whose ending was acknowledged exactly once. */
  readonly completedOnce: number
  readonly board: Counts
  readonly takeovers: number
  /** Steps of late owners that the storage refused. */
  readonly refusedWrites: number
  /** Endings that came too late and changed nothing. */
  readonly lateEndings: number
  /** What is not as it should be; empty when everything is. */
  readonly problems: readonly string[]
}

/** Counts from three sides: the steps that the storage took, the acknowledged endings, and the board. */
export async function tally(board: Jobboard, storage: Storage, ledger: Ledger): Promise<DemoCount> {
  const lines = storage.lines()
  const wrong = [...ledger.posted].flatMap(([job, steps]) => notOnce(job, steps, lines, ledger))
  const counts = await board.count()
  return {
    posted: ledger.posted.size,
    completedOnce: ledger.posted.size - wrong.length,
    board: counts,
    takeovers: ledger.takeovers.length,
    refusedWrites: ledger.refusedWrites,
    lateEndings: ledger.lateEndings.length,
    problems: [...wrong, ...leftOver(counts), ...missingPlot(ledger)],
  }
}

function notOnce(
  job: string,
  steps: number,
  lines: readonly StepLine[],
  { consumed }: Ledger,
): readonly string[] {
  const done = lines.filter(line => line.job === job).map(({ step }) => step)
  const inOrder = done.length === steps && done.every((step, i) => step === i + 1)
  const times = consumed.filter(other => other === job).length
  if (inOrder && times === 1) return []
  return [
    `${job} has the steps ${done.join(', ') || 'none'} of ${steps} in the storage and was consumed ${times} times`,
  ]
}

function leftOver({ unclaimed, delayed, claimed, trashed }: Counts): readonly string[] {
  const left = unclaimed + delayed + claimed + trashed
  return left === 0 ? [] : [`${left} jobs are left`]
}

/** The count proves little if nobody died. */
function missingPlot({ takeovers, refusedWrites, lateEndings }: Ledger): readonly string[] {
  const problems = takeovers
    .filter(({ token, before }) => token <= before)
    .map(
      ({ job, token, before }) =>
        `${job} was taken over with token ${token}, which is not greater than ${before}`,
    )
  if (takeovers.length < 2) problems.push(`two takeovers were expected, and there were ${takeovers.length}`)
  if (refusedWrites === 0) problems.push('no step of a late owner was refused by the storage')
  if (!lateEndings.includes('JOBBOARD_CLAIM_LOST')) problems.push('no late consume was refused')
  return problems
}
