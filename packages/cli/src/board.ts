import { fileURLToPath } from 'node:url'
import {
  DriverNotFoundError,
  fetchBoard,
  type Jobboard,
  type JobboardOptions,
  type MalformedEntry,
} from '@jobboard/core'
import { type Command, Option } from 'commander'
import { Complaints } from './complaints.js'
import { UsageError } from './errors-out.js'

/** Options of every command. */
export interface GlobalOptions {
  readonly board: string
  readonly json: boolean
}

const defaultBoard = 'file:./.jobboard'

export function addGlobalOptions(program: Command): Command {
  return program
    .addOption(
      new Option('--board <url>', 'the board, for example file:DIR')
        .env('JOBBOARD_URL')
        .default(defaultBoard),
    )
    .option('--json', 'print one JSON object a line')
}

export function globalOptions(command: Command): GlobalOptions {
  const { board, json } = command.optsWithGlobals<{ board: string; json?: true }>()
  // An empty variable is how shells say that it is not set.
  const unset = board === '' && command.getOptionValueSourceWithGlobals('board') === 'env'
  return { board: unset ? defaultBoard : board, json: json === true }
}

/** Connects to the board that the command names, for as long as `use` runs. Trouble that it outlives goes to stderr. */
export async function withBoard(
  command: Command,
  use: (board: Jobboard, complaints: Complaints) => Promise<void>,
  onMalformed?: (entry: MalformedEntry) => void,
): Promise<void> {
  const { board: url, json } = globalOptions(command)
  const complaints = new Complaints(json)
  await using board = await openBoard(url)
  board.on('malformed', onMalformed ?? (entry => complaints.tell(new SkippedEntry(entry))))
  board.on('error', ({ error, during }) => complaints.tell(error, during))
  await use(board, complaints)
}

const here = fileURLToPath(new URL('.', import.meta.url))

/** Drivers that come with this package are found from where it is installed, other people's from the working directory. */
export async function openBoard(url: string, options: JobboardOptions = {}): Promise<Jobboard> {
  try {
    return await fetchBoard('jobboard', url, { ...options, from: here })
  } catch (error) {
    if (error instanceof DriverNotFoundError) return fetchBoard('jobboard', url, options)
    throw isWrongPlace(error) ? wrongBoard(error) : error
  }
}

/** An entry that does not parse was left out. */
class SkippedEntry extends Error {
  readonly code = 'JOBBOARD_MALFORMED_JOB'

  constructor({ where, problem }: MalformedEntry) {
    super(`skipped an entry that does not parse: ${where}: ${problem}`)
  }
}

/** Codes of Node and the file system for what no folder or server can be called: trying again does not mend it. */
const wrongPlaces = /^(ENAMETOOLONG|ELOOP|EINVAL|ERR_INVALID_\w+)$/

function isWrongPlace(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code } = error as NodeJS.ErrnoException
  return error instanceof URIError || wrongPlaces.test(`${code}`) || isWrongPlace(error.cause)
}

function wrongBoard(cause: unknown): UsageError {
  return new UsageError(`No board can be there: ${(cause as Error).message}`, { cause })
}
