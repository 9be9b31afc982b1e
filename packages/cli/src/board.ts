import { fileURLToPath } from 'node:url'
import { DriverNotFoundError, fetchBoard, type Jobboard, type JobboardOptions } from '@jobboard/core'
import { type Command, Option } from 'commander'
import { errorJson } from './errors-out.js'
import { note } from './output.js'

/** Options of every command. */
export interface GlobalOptions {
  readonly board: string
  readonly json: boolean
}

export function addGlobalOptions(program: Command): Command {
  return program
    .addOption(
      new Option('--board <url>', 'the board, for example file:DIR')
        .env('JOBBOARD_URL')
        .default('file:./.jobboard'),
    )
    .option('--json', 'print one JSON object a line')
}

export function globalOptions(command: Command): GlobalOptions {
  const { board, json } = command.optsWithGlobals<{ board: string; json?: true }>()
  return { board, json: json === true }
}

/** Connects to the board that the command names, for as long as `use` runs. */
export async function withBoard(command: Command, use: (board: Jobboard) => Promise<void>): Promise<void> {
  await using board = await openBoard(globalOptions(command).board)
  board.on('malformed', entry =>
    note(`jobboard: skipped an entry that does not parse: ${entry.where}: ${entry.problem}`),
  )
  board.on('error', ({ error, during }) => note(`jobboard: ${during}: ${errorJson(error).message}`))
  await use(board)
}

const here = fileURLToPath(new URL('.', import.meta.url))

/** Drivers that come with this package are found from where it is installed, other people's from the working directory. */
export async function openBoard(url: string, options: JobboardOptions = {}): Promise<Jobboard> {
  try {
    return await fetchBoard('jobboard', url, { ...options, from: here })
  } catch (error) {
    if (!(error instanceof DriverNotFoundError)) throw error
    return fetchBoard('jobboard', url, options)
  }
}
