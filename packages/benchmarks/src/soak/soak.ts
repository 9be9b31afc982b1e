import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type FinalState, type Operation, Random } from '@jobboard/conformance-tests'
import { fetchBoard, type Jobboard, type JobState } from '@jobboard/core'
import { inFlight } from '../in-flight.js'
import { Crew } from './crew.js'
import { operationsOf } from './operations.js'
import type { SoakOptions } from './options.js'
import { type Harm, makeTrouble } from './trouble.js'
import { type Accounts, problemsOf } from './verdict.js'
import { readMarks, workCommand } from './work-log.js'

/** What a soak found, and the accounts as evidence. */
export interface SoakReport {
  readonly problems: readonly string[]
  readonly accounts: Accounts
  readonly figures: Readonly<Record<string, number | string>>
}

/** Longer than any soak takes: receipts are what the board itself remembers of consumed jobs. */
const rememberMs = 24 * 60 * 60 * 1000
const postedName = 'soak'

/** Posts the jobs, lets the workers have them, makes trouble, and compares all accounts. */
export async function soak(
  options: SoakOptions,
  folder: string,
  progress: (left: number) => void,
  interrupted: AbortSignal,
): Promise<SoakReport> {
  const url = `file:${join(folder, 'board')}?sessionTtlMs=${options.ttlMs}&rememberMs=${rememberMs}`
  const logFile = join(folder, 'work.log')
  await using board = await fetchBoard('soak', url, { from: fileURLToPath(import.meta.url) })
  const posts = await postJobs(board, options.jobs)
  const began = performance.now()
  const crew = new Crew(options.workers, workerCommand(url, logFile, options))
  const { harm, unfinished } = await work(crew, board, options, progress, interrupted)
  const seconds = (performance.now() - began) / 1000
  const marks = await readMarks(logFile)
  const operations = [...posts, ...operationsOf(crew.workers, marks, board.scope)]
  const final = await finalState(board)
  const postedAgain = await postAgain(board, posts)
  const accounts = { operations, marks, final, postedAgain }
  return {
    problems: [...unfinished, ...crew.failures, ...problemsOf(accounts)],
    accounts,
    figures: { seconds: seconds.toFixed(1), ...harm, ...figuresOf(crew, accounts) },
  }
}

interface Worked {
  readonly harm: Harm
  /** Why the workers were dismissed before the board was empty, if they were. */
  readonly unfinished: readonly string[]
}

async function work(
  crew: Crew,
  board: Jobboard,
  options: SoakOptions,
  progress: (left: number) => void,
  interrupted: AbortSignal,
): Promise<Worked> {
  const unfinished: string[] = []
  const dismiss = (why: string): void => {
    unfinished.push(why)
    crew.dismiss()
  }
  const limit = setTimeout(() => dismiss(`not done after ${options.limitMs} ms`), options.limitMs)
  interrupted.addEventListener('abort', () => dismiss('interrupted'))
  if (interrupted.aborted) dismiss('interrupted')
  const watch = setInterval(() => void tellProgress(board, progress), 5_000)
  const peace = new AbortController()
  const trouble = makeTrouble(crew, new Random(options.seed), options, peace.signal)
  await crew.done()
  clearTimeout(limit)
  clearInterval(watch)
  peace.abort()
  return { harm: await trouble, unfinished }
}

async function tellProgress(board: Jobboard, progress: (left: number) => void): Promise<void> {
  try {
    const { unclaimed, delayed, claimed } = await board.count()
    progress(unclaimed + delayed + claimed)
  } catch {
    // The next look may succeed, and whether the board works is judged by what comes out in the end.
  }
}

async function postJobs(board: Jobboard, count: number): Promise<readonly Operation[]> {
  const operations: Operation[] = []
  await inFlight(64, count, async number => {
    const start = Date.now()
    const { id, state } = await board.post(postedName, { details: { number } })
    operations[number] = {
      client: 'producer',
      kind: 'post',
      start,
      end: Date.now() + 1,
      outcome: 'ok',
      jobId: id,
      state,
    }
  })
  return operations
}

/** Adds nothing where a job with this id was consumed and is remembered; then the board says so. */
async function postAgain(
  board: Jobboard,
  posts: readonly Operation[],
): Promise<ReadonlyMap<string, JobState>> {
  const states = new Map<string, JobState>()
  await inFlight(64, posts.length, async number => {
    const id = posts[number]?.jobId ?? ''
    states.set(id, (await board.post(postedName, { id, details: { number } })).state)
  })
  return states
}

async function finalState(board: Jobboard): Promise<FinalState> {
  const jobs: FinalState['jobs'][number][] = []
  for await (const { id, state, owner, fencingToken: token } of board.iterJobs({ ensureFresh: true })) {
    const claim = owner === undefined || token === undefined ? {} : { owner, token: token.toString() }
    jobs.push({ id, state: state === 'CLAIMED' ? 'CLAIMED' : 'UNCLAIMED', ...claim })
  }
  for await (const { id } of board.trashed()) jobs.push({ id, state: 'TRASHED' })
  return { jobs }
}

function workerCommand(
  url: string,
  logFile: string,
  { concurrency, workMs }: SoakOptions,
): readonly string[] {
  const settings = ['--concurrency', `${concurrency}`, '--retry-delay', '0', '--exit-when-empty']
  // Losses count as failures, and here nothing but losses happens: no job may end in the trash for them.
  const patience = ['--max-failures', '1000000']
  const work = [
    'work',
    '--json',
    '--board',
    url,
    '--exec',
    workCommand(logFile, workMs),
    ...settings,
    ...patience,
  ]
  return [process.execPath, commandLine(), ...work]
}

/** The file that the `jobboard` command runs. */
function commandLine(): string {
  const require = createRequire(import.meta.url)
  const manifest = require.resolve('@jobboard/cli/package.json')
  const { bin } = require(manifest) as { readonly bin: { readonly jobboard: string } }
  return join(dirname(manifest), bin.jobboard)
}

function figuresOf(crew: Crew, { operations }: Accounts): Readonly<Record<string, number>> {
  const heard = crew.workers.flatMap(worker => worker.heard)
  const count = (kind: Operation['kind'], outcome: Operation['outcome']): number =>
    operations.filter(op => op.kind === kind && op.outcome === outcome).length
  return {
    processes: crew.workers.length,
    claims: count('claim', 'ok'),
    takeovers: heard.filter(({ event, job }) => event === 'claimed' && job.takeover).length,
    'lost, and told so': count('lost', 'ok'),
    'consumed, and told so': count('consume', 'ok'),
    'perhaps consumed before the kill': count('consume', 'unknown'),
  }
}
