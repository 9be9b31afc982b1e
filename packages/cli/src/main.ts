#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { addGlobalOptions } from './board.js'
import { addClaim } from './commands/claim.js'
import { addCount } from './commands/count.js'
import { addDemo } from './commands/demo.js'
import { addHelp } from './commands/help.js'
import { addList } from './commands/list.js'
import { addPost } from './commands/post.js'
import { addRelease } from './commands/release.js'
import { addShow } from './commands/show.js'
import { addTrash } from './commands/trash.js'
import { addWork } from './commands/work.js'
import { chosenStatus } from './ending.js'
import { complain, reportError, UsageError } from './errors-out.js'
import { exitStatus } from './exit-codes.js'
import { brokenOutput, tolerateClosedPipes } from './output.js'

const statuses = `
Exit status: 0 done, 2 wrong usage or configuration, 3 job not found, 4 already claimed, not yours, or not available yet,
5 board unreachable, 6 claim lost, 7 outcome unknown, 130 or 143 ended by a signal, 1 anything else.`

/** How long whatever a failed command left behind may keep the process. */
const lingerMs = 1_000

function makeProgram(json: boolean): Command {
  const program = new Command('jobboard')
    .description('Give work a single owner, and pass it on when that owner dies.')
    .version(version())
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      // Errors of the command line are reported like all others, by `run`.
      outputError: () => {},
      // Help that nobody asked for, before an error. Programs get the error alone.
      ...(json && { writeErr: () => {} }),
    })
  addGlobalOptions(program)
  for (const add of [
    addPost,
    addList,
    addShow,
    addCount,
    addClaim,
    addWork,
    addRelease,
    addTrash,
    addDemo,
    addHelp,
  ])
    add(program)
  program.addHelpText('after', statuses)
  reportUsage(program)
  return program
}

/** Lets every command throw what is wrong with its usage, with where to look it up. */
function reportUsage(command: Command, name: string = command.name()): void {
  command.exitOverride(error => {
    if (error.exitCode === 0) throw error
    throw new UsageError(`${problem(error)}; see '${name} --help'`)
  })
  for (const sub of command.commands) reportUsage(sub, `${name} ${sub.name()}`)
}

function problem({ code, message }: CommanderError): string {
  return code === 'commander.help'
    ? 'a command is missing'
    : message.replace(/^error: /, '').replace(/\.$/, '')
}

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { readonly version: string }).version
}

async function run(args: readonly string[]): Promise<void> {
  // The flag is looked for by hand, since the command line may be what is wrong.
  const json = args.includes('--json')
  tolerateClosedPipes()
  // Not before its end is a command done: whatever ends the process earlier ends it as failed.
  process.exitCode = exitStatus.failed
  process.once('beforeExit', ranDry)
  const status = await statusAfter(args, json)
  process.off('beforeExit', ranDry)
  process.exitCode = status
  // What a failed command left behind, a look at a disk that never answers, say, must not keep the process.
  if (status !== exitStatus.done) setTimeout(() => process.exit(), lingerMs).unref()

  function ranDry(): void {
    complain(
      new Error('The command came to a stop before its end; this is a fault of jobboard, please report it'),
      json,
    )
  }
}

async function statusAfter(args: readonly string[], json: boolean): Promise<number> {
  try {
    await makeProgram(json).parseAsync(args, { from: 'user' })
    const broken = brokenOutput()
    if (broken !== undefined) throw new Error(`Cannot write to stdout: ${broken.message}`, { cause: broken })
    return chosenStatus()
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitStatus.done
    return reportError(error, json)
  }
}

void run(process.argv.slice(2))
