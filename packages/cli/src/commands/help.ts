import type { Command } from 'commander'
import { UsageError } from '../errors-out.js'

/** Commander's own takes one name, and shows something else for one that it does not know. */
export function addHelp(program: Command): void {
  program.helpCommand(false)
  for (const command of program.commands) command.helpCommand(false)
  program
    .command('help')
    .description('display help for command')
    .argument('[command...]', 'its name, or names: trash restore')
    .action((names: readonly string[]) => found(program, names).outputHelp())
}

function found(program: Command, names: readonly string[]): Command {
  let command = program
  for (const name of names) {
    const next = command.commands.find(known => known.name() === name)
    if (next === undefined)
      throw new UsageError(`unknown command '${names.join(' ')}'; see 'jobboard --help'`)
    command = next
  }
  return command
}
