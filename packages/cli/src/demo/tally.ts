import { readFileSync } from 'node:fs'
import type { Counts, Jobboard } from '@jobboard/core'
import type { Ledger } from './ledger.js'
import type { LogLine } from './messages.js'

/** The proof at the end. */
export interface DemoCount {
  readonly posted: number
  /** Jobs that the log and the acknowledged endings both have exactly once. */
  readonly completedOnce: number
  readonly board: Counts
  readonly takeovers: number
  /** Endings that came too late and changed nothing. */
  readonly refused: number
  /** What is not as it should be; empty when everything is. */
  readonly problems: readonly string[]
}

/** Counts from three sides: the log that workers wrote under their claims, their acknowledged endings, and the board. */
export async function tally(board: Jobboard, log: string, ledger: Ledger): Promise<DemoCount> {
  const logged = readLog(log).map(line => line.job)
  const wrong = ledger.posted.flatMap(job => notOnce(job, times(job, logged), times(job, ledger.consumed)))
  const counts = await board.count()
  const problems = [...wrong, ...leftOver(counts), ...missingPlot(ledger)]
  return {
    posted: ledger.posted.length,
    completedOnce: ledger.posted.length - wrong.length,
    board: counts,
    takeovers: ledger.takeovers.length,
    refused: ledger.refusals.length,
    problems,
  }
}

function notOnce(job: string, logged: number, consumed: number): readonly string[] {
  if (logged === 1 && consumed === 1) return []
  return [`${job} was worked on to its end ${logged} times and consumed ${consumed} times`]
}

function leftOver({ unclaimed, delayed, claimed, trashed }: Counts): readonly string[] {
  const left = unclaimed + delayed + claimed + trashed
  return left === 0 ? [] : [`${left} jobs are left`]
}

/** The count proves little if nobody died. */
function missingPlot({ takeovers, refusals }: Ledger): readonly string[] {
  const problems = takeovers
    .filter(({ token, before }) => token <= before)
    .map(
      ({ job, token, before }) =>
        `${job} was taken over with token ${token}, which is not greater than ${before}`,
    )
  if (takeovers.length < 2) problems.push(`two takeovers were expected, and there were ${takeovers.length}`)
  if (!refusals.includes('JOBBOARD_CLAIM_LOST')) problems.push('no stale consume was refused')
  return problems
}

function readLog(file: string): readonly LogLine[] {
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.filter(line => line !== '').map(line => JSON.parse(line) as LogLine)
}

function times(job: string, jobs: readonly string[]): number {
  return jobs.filter(other => other === job).length
}
