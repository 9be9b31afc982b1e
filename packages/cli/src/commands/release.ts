import { type Command, Option } from 'commander'
import { globalOptions, withBoard } from '../board.js'
import { UsageError } from '../errors-out.js'
import { jobJson } from '../job-json.js'
import { print, printJson } from '../output.js'
import { fencingToken, label } from '../parsers.js'
import { printable } from '../printable.js'

interface Flags {
  readonly token?: bigint
  readonly anyToken?: true
  readonly reason: string
}

export function addRelease(program: Command): void {
  program
    .command('release')
    .description('force the claim on a job to end; it counts as lost')
    .argument('<id>', "the job's id", label)
    .option('--token <token>', 'the fencing token of the claim to end, as `show` prints it', fencingToken)
    .addOption(new Option('--any-token', 'end the claim of whoever holds it').conflicts('token'))
    .requiredOption('--reason <text>', 'why, for whoever lost the claim and for the next owner')
    .action(release)
}

async function release(id: string, { token, anyToken, reason }: Flags, command: Command): Promise<void> {
  if (token === undefined && anyToken === undefined) {
    throw new UsageError(
      `release needs --token, as 'jobboard show ${id}' prints it, or --any-token for whoever holds the job`,
    )
  }
  await withBoard(command, async board => {
    await board.forceRelease(id, { token: token ?? 'any', reason })
    if (!globalOptions(command).json) return print(`Released ${printable(id)}.`)
    // The job may be gone already: somebody else can claim and consume it at once.
    const job = await board.find(id)
    if (job !== undefined) await printJson(jobJson(job))
  })
}
