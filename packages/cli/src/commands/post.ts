import { readFileSync } from 'node:fs'
import type { PostOptions } from '@jobboard/core'
import { type Command, Option } from 'commander'
import { globalOptions, withBoard } from '../board.js'
import { endWith } from '../ending.js'
import { UsageError, withAdvice } from '../errors-out.js'
import { exitStatus } from '../exit-codes.js'
import { jobJson } from '../job-json.js'
import { print, printJson } from '../output.js'
import { checkDecoded, decodeText, delayMs, parseJson } from '../parsers.js'
import { postLines } from '../post-lines.js'
import { jobLine } from '../tables.js'

interface Flags {
  readonly details?: string
  readonly detailsFile?: string
  readonly priority?: string
  readonly id?: string
  readonly bookUuid?: string
  readonly bookName?: string
  readonly delay?: number
  readonly stdin?: true
}

export function addPost(program: Command): void {
  program
    .command('post')
    .description('post a job, or one job for each line of standard input')
    .argument('[name]', 'what kind of work it is; workers choose by it')
    .option('--details <json>', 'what the worker needs to know, a JSON object')
    .addOption(new Option('--details-file <file>', 'read the details from a file').conflicts('details'))
    .option('--priority <priority>', 'VERY_HIGH, HIGH, NORMAL, LOW or VERY_LOW, in any case')
    .option('--id <uuid>', 'makes posting repeatable: the same job under the same id is posted once')
    .option('--book-uuid <uuid>', 'the logbook that the job belongs to')
    .option('--book-name <name>', "the logbook's name")
    .option('--delay <ms>', 'how long the job cannot be claimed yet, in milliseconds', delayMs)
    .option('--stdin', 'read one JSON object a line: {name, details, priority, id, book, delayMs}')
    .addHelpText(
      'after',
      '\nWith --stdin it prints, for each line, the job or {line, error}, and exits 1 if any line failed.',
    )
    .action(post)
}

async function post(name: string | undefined, flags: Flags, command: Command): Promise<void> {
  if (flags.stdin) return postStdin(name, flags, command)
  if (name === undefined) throw new UsageError("post needs a name, or --stdin; see 'jobboard post --help'")
  checkDecoded(name, 'the name')
  const posting = postingOf(flags)
  const { json } = globalOptions(command)
  await withBoard(command, async board => {
    const job = await board.post(name, posting).catch(error => {
      throw withAdvice(error, id => `run it again with --id ${id}, which adds nothing if it was`)
    })
    await (json ? printJson(jobJson(job)) : print(jobLine(job)))
  })
}

async function postStdin(
  name: string | undefined,
  { stdin: _, ...rest }: Flags,
  command: Command,
): Promise<void> {
  if (name !== undefined || Object.keys(rest).length > 0) {
    throw new UsageError(
      'post --stdin takes everything from standard input; leave the name and other options out',
    )
  }
  await withBoard(command, async board => {
    const failed = await postLines(board, process.stdin, globalOptions(command).json)
    if (failed > 0) endWith(exitStatus.failed)
  })
}

/** Values go to the board as they are: it checks them, by one list for everybody who posts. */
function postingOf(flags: Flags): PostOptions {
  for (const [flag, value] of Object.entries(flags)) if (typeof value === 'string') checkDecoded(value, flag)
  const details = detailsOf(flags)
  return {
    ...(details === undefined ? {} : { details }),
    ...(flags.priority === undefined
      ? {}
      : { priority: flags.priority as NonNullable<PostOptions['priority']> }),
    ...(flags.id === undefined ? {} : { id: flags.id }),
    ...bookOf(flags),
    ...(flags.delay === undefined ? {} : { delayMs: flags.delay }),
  }
}

function bookOf({ bookUuid: uuid, bookName: name }: Flags): Pick<PostOptions, 'book'> {
  if (uuid === undefined && name === undefined) return {}
  if (uuid === undefined || name === undefined)
    throw new UsageError('--book-uuid and --book-name go together; give both')
  return { book: { uuid, name } }
}

type Details = NonNullable<PostOptions['details']>

function detailsOf({ details, detailsFile }: Flags): Details | undefined {
  if (details !== undefined) return parseJson<Details>(details, '--details')
  if (detailsFile !== undefined) return parseJson<Details>(readText(detailsFile), detailsFile)
  return undefined
}

function readText(file: string): string {
  return decodeText(readBytes(file), file)
}

function readBytes(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new UsageError(`cannot read --details-file: ${(error as Error).message}`, { cause: error })
  }
}
