import { type Job, JobNotFoundError, type MalformedEntry } from '@jobboard/core'
import type { Command } from 'commander'
import { globalOptions, withBoard } from '../board.js'
import { MalformedJobError } from '../errors-out.js'
import { jobJson } from '../job-json.js'
import { print, printJson } from '../output.js'
import { label } from '../parsers.js'
import { printableLines } from '../printable.js'
import { pairs } from '../tables.js'

export function addShow(program: Command): void {
  program
    .command('show')
    .description('show one job, on the board or in the trash')
    .argument('<id>', "the job's id", label)
    .action(show)
}

async function show(id: string, _flags: unknown, command: Command): Promise<void> {
  let problem: string | undefined
  const onMalformed = (entry: MalformedEntry): void => {
    problem = entry.problem
  }
  await withBoard(
    command,
    async board => {
      const job = await board.find(id)
      if (problem !== undefined) throw new MalformedJobError(id, problem)
      if (job === undefined) throw new JobNotFoundError(id, 'on the board or in its trash')
      await (globalOptions(command).json ? printJson(jobJson(job)) : print(describe(job)))
    },
    onMalformed,
  )
}

/** All that is known, under the names of the JSON form. */
function describe(job: Job): string {
  const { details, book, trash, ...plain } = jobJson(job)
  const told = {
    ...plain,
    ...(book && { book: `${book.name} (${book.uuid})` }),
    ...lastLoss(job),
    ...prefixed(trash),
  }
  const rows = Object.entries(told).filter(([, value]) => value !== null)
  return `${pairs(rows.map(([name, value]) => [name, String(value)]))}\ndetails\n${printableLines(JSON.stringify(details, null, 2))}`
}

function lastLoss({ lostBy }: Job): Record<string, string> {
  if (lostBy === undefined) return {}
  const { owner, cause, at, reason } = lostBy
  const why = reason === undefined ? '' : `: ${reason}`
  return { lostBy: `${owner} (${cause}, ${at.toISOString()})${why}` }
}

function prefixed(trash: object | undefined): Record<string, unknown> {
  return Object.fromEntries(Object.entries(trash ?? {}).map(([name, value]) => [`trash.${name}`, value]))
}
