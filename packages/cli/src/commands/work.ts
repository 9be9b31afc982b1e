import { type Command, Option } from 'commander'
import { globalOptions, withBoard } from '../board.js'
import { claimEventJson, claimEventLine, lookAgain } from '../claim-events.js'
import type { Complaints } from '../complaints.js'
import { endWith } from '../ending.js'
import { UsageError } from '../errors-out.js'
import { type Interrupts, watchInterrupts } from '../interrupts.js'
import { note, printJson, readerGone } from '../output.js'
import { collect, delayMs, label, secondsAsMs, wholeNumber } from '../parsers.js'
import { Worker, type WorkOptions, type WorkReport } from '../worker.js'

interface Flags {
  readonly owner: string
  readonly exec: string
  readonly name?: readonly string[]
  readonly concurrency: number
  readonly maxJobs?: number
  readonly exitWhenEmpty?: true
  readonly maxFailures: number
  readonly retryDelay: number
  readonly grace: number
}

/** More of them would run out of processes and files before they did any work. */
const mostCommands = 1_000

const more = `
The command finds the job in its environment (JOBBOARD_JOB_ID, JOBBOARD_JOB_NAME, JOBBOARD_ATTEMPT, JOBBOARD_FENCING_TOKEN,
JOBBOARD_TAKEOVER) and, as JSON, on its standard input. Its exit status decides:
  0      the job is done and leaves the board
  75     the job goes back for another try after --retry-delay; no failure
  other  the job goes back as failed, and after --max-failures to the trash

A lost claim ends the command: SIGTERM to its process group, SIGKILL a second later. On SIGINT or SIGTERM nothing new is
claimed, and commands have --grace seconds to finish; a second signal ends them at once. Only 'kill -9' of jobboard itself
leaves a command running: let what it writes refuse lower fencing tokens.

With --json, stdout carries the events and what the command prints goes to stderr.`

export function addWork(program: Command): void {
  program
    .command('work')
    .description('claim job after job and run a command for each')
    .requiredOption('--owner <name>', 'who claims, for people to read', label)
    .requiredOption('--exec <command>', 'run in a shell for each job')
    .option('--name <name>', 'jobs of this name only; may be repeated', collect)
    .option('--concurrency <n>', 'commands at the same time', wholeNumber(1, mostCommands), 1)
    .option('--max-jobs <n>', 'end after so many claims', wholeNumber(1))
    .option('--exit-when-empty', 'end when no job of these names is left, claimed and delayed ones included')
    .option(
      '--max-failures <n>',
      'failures before a job goes to the trash; lost claims count',
      wholeNumber(1),
      5,
    )
    .option('--retry-delay <ms>', 'before a job that was given back can be claimed again', delayMs, 5_000)
    .addOption(
      new Option('--grace <seconds>', 'how long commands may go on after a signal')
        .argParser(secondsAsMs)
        .default(30_000, '30'),
    )
    .addHelpText('after', more)
    .action(work)
}

async function work(flags: Flags, command: Command): Promise<void> {
  const { json } = globalOptions(command)
  // A shell takes an empty command for done, and every job would be gone.
  if (flags.exec.trim() === '') throw new UsageError('--exec needs a command')
  await withBoard(command, async (board, complaints) => {
    using interrupts = watchInterrupts()
    const stop = AbortSignal.any([interrupts.first, readerGone])
    const cut = afterGrace(interrupts, flags.grace)
    const worker = new Worker(board, workOptions(flags, json), report(json, complaints), { stop, cut })
    if (!json) interrupts.first.addEventListener('abort', () => announceGrace(worker.running, flags.grace))
    await worker.run()
    if (interrupts.status !== undefined) endWith(interrupts.status)
  })
}

function announceGrace(running: number, graceMs: number): void {
  if (running === 0) return
  const commands = running === 1 ? '1 command' : `${running} commands`
  note(
    `jobboard: waiting up to ${graceMs / 1000} s for ${commands}; again to end ${running === 1 ? 'it' : 'them'}`,
  )
}

function workOptions({ owner, exec, name, maxJobs, ...flags }: Flags, json: boolean): WorkOptions {
  return {
    owner,
    command: exec,
    ...(name === undefined ? {} : { names: name }),
    ...(maxJobs === undefined ? {} : { maxJobs }),
    concurrency: flags.concurrency,
    exitWhenEmpty: flags.exitWhenEmpty === true,
    maxFailures: flags.maxFailures,
    retryDelayMs: flags.retryDelay,
    commandStdout: json ? 'stderr' : 'stdout',
  }
}

/** Aborts so long after the first signal, or at the second one. */
function afterGrace({ first, second }: Interrupts, graceMs: number): AbortSignal {
  const over = new AbortController()
  first.addEventListener('abort', () => setTimeout(() => over.abort(), graceMs).unref())
  return AbortSignal.any([over.signal, second])
}

/** The command's own output has stdout to itself, so what people read of the work goes to stderr. */
function report(json: boolean, complaints: Complaints): WorkReport {
  return {
    async claim(event, claim, why) {
      if (event === 'abandoned' || event === 'trashed') await lookAgain(claim)
      if (json) await printJson(claimEventJson(event, claim))
      else note(claimEventLine(event, claim, why))
    },
    trouble: error => complaints.tell(error),
  }
}
