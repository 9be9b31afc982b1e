import type { Job, Jobboard } from '@jobboard/core'
import type { Command } from 'commander'
import { globalOptions, withBoard } from '../board.js'
import { jobJson } from '../job-json.js'
import { print, printJson, readerGone } from '../output.js'
import { collect, oneOf, wholeNumber } from '../parsers.js'
import { jobTable } from '../tables.js'

const states = ['unclaimed', 'claimed', 'trashed', 'all'] as const

interface Flags {
  readonly state: (typeof states)[number]
  readonly name?: readonly string[]
  readonly limit?: number
}

export function addList(program: Command): void {
  program
    .command('list')
    .description('list jobs, most urgent first, then oldest first')
    .option(
      '--state <state>',
      'unclaimed, claimed, trashed, or all: on the board and in the trash',
      oneOf(...states),
      'all',
    )
    .option('--name <name>', 'jobs of this name only; may be repeated', collect)
    .option('--limit <n>', 'at most so many', wholeNumber(1))
    .addHelpText(
      'after',
      '\nA job that cannot be claimed yet is UNCLAIMED, with the time from which it can be.',
    )
    .action(list)
}

async function list(flags: Flags, command: Command): Promise<void> {
  const { json } = globalOptions(command)
  await withBoard(command, async board => {
    const found: Job[] = []
    for await (const job of first(flags.limit, select(board, flags))) {
      if (readerGone.aborted) break
      if (json) await printJson(jobJson(job))
      else found.push(job)
    }
    if (!json) await print(found.length === 0 ? 'No jobs.' : jobTable(found))
  })
}

async function* select(board: Jobboard, { state, name: names }: Flags): AsyncGenerator<Job> {
  if (state !== 'trashed')
    yield* board.iterJobs({ state, ensureFresh: true, ...(names === undefined ? {} : { names: [...names] }) })
  if (state === 'unclaimed' || state === 'claimed') return
  for await (const job of board.trashed()) {
    if (names === undefined || names.includes(job.name)) yield job
  }
}

async function* first(limit: number | undefined, jobs: AsyncIterable<Job>): AsyncGenerator<Job> {
  let left = limit ?? Number.POSITIVE_INFINITY
  for await (const job of jobs) {
    yield job
    if (--left === 0) return
  }
}
