import type { Job, Jobboard } from '@jobboard/core'
import type { Command } from 'commander'
import { globalOptions, withBoard } from '../board.js'
import { printJobs } from '../job-json.js'
import { collect, oneOf, wholeNumber } from '../parsers.js'
import { printTable } from '../tables.js'

const states = ['unclaimed', 'claimed', 'trashed', 'all'] as const

interface Flags {
  readonly state: (typeof states)[number]
  readonly name?: readonly string[]
  readonly limit?: number
}

export function addList(program: Command): void {
  program
    .command('list')
    .description('list jobs, most urgent first, then oldest first; after them the trash, oldest first')
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
    const jobs = first(flags.limit, select(board, flags))
    await (json ? printJobs(jobs) : printTable(jobs))
  })
}

/**
 * The board in its order, then the trash in its own. One order for both would need the whole trash in memory, which comes
 * in the order of its own events.
 */
async function* select(board: Jobboard, { state, name: names }: Flags): AsyncGenerator<Job> {
  if (state !== 'trashed') yield* onBoard(board, state, names)
  if (state === 'unclaimed' || state === 'claimed') return
  for await (const job of board.trashed()) {
    if (names === undefined || names.includes(job.name)) yield job
  }
}

/** Unclaimed are also delayed jobs, which a board leaves out when it is asked for what can be claimed now. */
async function* onBoard(
  board: Jobboard,
  state: 'unclaimed' | 'claimed' | 'all',
  names: Flags['name'],
): AsyncGenerator<Job> {
  const which = state === 'claimed' ? state : 'all'
  const jobs = board.iterJobs({ state: which, ensureFresh: true, ...(names && { names: [...names] }) })
  for await (const job of jobs) if (state !== 'unclaimed' || job.state === 'UNCLAIMED') yield job
}

async function* first(limit: number | undefined, jobs: AsyncIterable<Job>): AsyncGenerator<Job> {
  let left = limit ?? Number.POSITIVE_INFINITY
  for await (const job of jobs) {
    yield job
    if (--left === 0) return
  }
}
