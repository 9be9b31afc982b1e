import { type Jobboard, JobNotFoundError, type TrashedJob } from '@jobboard/core'
import type { Command } from 'commander'
import { globalOptions, withBoard } from '../board.js'
import { UsageError } from '../errors-out.js'
import { jobJson, printJobs } from '../job-json.js'
import { print, printJson } from '../output.js'
import { label } from '../parsers.js'
import { jobLine, printTrash } from '../tables.js'

export function addTrash(program: Command): void {
  const trash = program.command('trash').description('look after the jobs that were put aside')
  trash.command('list').description("list this board's trash, oldest first").action(list)
  trash
    .command('restore')
    .description('put a job back on the board, as if newly posted')
    .argument('<id>', "the job's id", label)
    .action(restore)
  trash
    .command('purge')
    .description('delete one job of the trash, or all of them, for good')
    .argument('[id]', "the job's id", label)
    .option('--all', "all of this board's trash")
    .action(purge)
}

async function list(_flags: unknown, command: Command): Promise<void> {
  const { json } = globalOptions(command)
  await withBoard(command, async board => {
    const jobs = board.trashed()
    await (json ? printJobs(jobs) : printTrash(jobs))
  })
}

async function restore(id: string, _flags: unknown, command: Command): Promise<void> {
  await withBoard(command, async board => {
    const job = await board.restore(id)
    await (globalOptions(command).json ? printJson(jobJson(job)) : print(jobLine(job)))
  })
}

async function purge(
  id: string | undefined,
  { all }: { readonly all?: true },
  command: Command,
): Promise<void> {
  if ((id === undefined) !== (all === true))
    throw new UsageError('trash purge needs the id of a job, or --all')
  await withBoard(command, async board => {
    if (id !== undefined) await board.purge(id)
    const purged = id === undefined ? await purgeAll(board) : 1
    await (globalOptions(command).json
      ? printJson({ purged })
      : print(`Purged ${purged} ${purged === 1 ? 'job' : 'jobs'}.`))
  })
}

async function purgeAll(board: Jobboard): Promise<number> {
  let purged = 0
  for await (const job of board.trashed()) if (await purgeOne(job)) purged++
  return purged
}

/** Somebody else may have restored or purged it since it was listed. */
async function purgeOne(job: TrashedJob): Promise<boolean> {
  try {
    await job.purge()
    return true
  } catch (error) {
    if (error instanceof JobNotFoundError) return false
    throw error
  }
}
