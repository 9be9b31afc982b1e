import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { type Ended, jobboard, jsonLines, main, newBoard, Running, tempFolder, until } from './processes.js'

/** The error that a run with --json left on stderr; it must be the only line there. */
function errorOf({ stderr }: Ended): unknown {
  const lines = jsonLines(stderr)
  expect(lines).toHaveLength(1)
  return lines[0]
}

test.each([
  [[], 'a command is missing'],
  [['pots'], "unknown command 'pots' (Did you mean post?)"],
  [['watch'], "unknown command 'watch'"],
  [['post'], 'post needs a name, or --stdin'],
  [['post', 'a', '--stdin'], 'post --stdin takes everything from standard input'],
  [['post', 'a', '--details', '{'], '--details is no JSON'],
  [['post', 'a', '--details', '{"a":"secret'], '--details is no JSON (wrong at position 12)'],
  [['post', 'a', '--details', '{"a":12345678901234567890}'], 'write it as a text'],
  [['post', 'a', '--details', '{"a":0.12345678901234567890}'], 'write it as a text'],
  [['post', 'a', '--details', '{"a":1e400}'], 'write it as a text'],
  [['post', 'a\ufffd'], 'the name is no UTF-8'],
  [['post', 'a', '--details', '[1]'], 'details'],
  [['post', 'a', '--details', '{}', '--details-file', 'f'], "cannot be used with option '--details <json>'"],
  [['post', 'a', '--details-file', '/no/such/file'], 'cannot read --details-file'],
  [['post', 'a', '--priority', 'soon'], 'VERY_HIGH, HIGH, NORMAL, LOW, VERY_LOW'],
  [['post', 'a', '--book-name', 'b'], '--book-uuid and --book-name go together'],
  [['post', 'a', '--delay', '-1'], 'whole number'],
  [['post', 'a', '--delay', '3153600000001'], 'of 0 to 3153600000000'],
  [['post', 'a', 'b'], 'too many arguments'],
  [['list', '--state', 'gone'], 'one of unclaimed, claimed, trashed, all'],
  [['list', '--limit', '0'], 'whole number of at least 1'],
  [['show'], "missing required argument 'id'"],
  [['claim', '--owner', 'ada'], 'the id of a job, or --next'],
  [['claim', 'a1', '--next', '--owner', 'ada'], 'the id of a job, or --next'],
  [['claim', '--next'], "required option '--owner <name>' not specified"],
  [['claim', '--next', '--owner', 'ada', '--then', 'forget'], 'one of consume, abandon, trash, exit'],
  [['claim', '--next', '--owner', 'ada', '--hold', 'long'], 'number of seconds'],
  [['work', '--owner', 'ada'], "required option '--exec <command>' not specified"],
  [['work', '--owner', 'ada', '--exec', ' '], '--exec needs a command'],
  [['work', '--owner', 'ada', '--exec', 'true', '--retry-delay', '99999999999999'], 'of 0 to 3153600000000'],
  [['work', '--owner', 'ada', '--exec', 'true', '--concurrency', '1001'], 'of 1 to 1000'],
  [['work', '--owner', '', '--exec', 'true'], '1 to 255 characters, not 0'],
  [['release', 'a1', '--reason', 'r'], '--token'],
  [['release', 'a1', '--token', 'x', '--reason', 'r'], 'digits'],
  [['release', 'a1', '--token', '1', '--any-token', '--reason', 'r'], 'cannot be used with'],
  [['trash', 'purge'], 'the id of a job, or --all'],
  [['trash', 'purge', 'a1', '--all'], 'the id of a job, or --all'],
  [['count', '--board', 'file:x?nonsense=1'], 'unknown option "nonsense"'],
  [['count', '--board', 'nowhere'], 'no board URL'],
  [['count', '--board', `file:${'a'.repeat(300)}`], 'ENAMETOOLONG'],
  [['help', 'nope'], "unknown command 'nope'"],
  [['count', '--board', 'postgres://user:secret@localhost/db'], 'npm install @jobboard/postgres'],
  [['demo', '--board', 'memory:'], 'leave --board out'],
] as const)('wrong usage exits 2: %j', async (args, message) => {
  const cwd = await tempFolder()
  const board =
    (args as readonly string[]).includes('--board') || ['demo', 'help'].includes(args[0] ?? '')
      ? []
      : ['--board', 'memory:']
  const ended = await jobboard([...args, ...(args.length === 0 ? [] : board)], { cwd })
  expect(ended).toMatchObject({ status: 2, stdout: '' })
  expect(ended.stderr).toContain(message)
  expect(ended.stderr).not.toContain('secret')
  expect(ended.stderr.trimEnd().split('\n').at(-1)).toMatch(/^jobboard: /)
})

test('with --json an error is one object on stderr', async () => {
  expect(errorOf(await jobboard(['claim', '--json']))).toEqual({
    error: {
      code: 'JOBBOARD_USAGE',
      message: expect.stringMatching(
        /^required option '--owner <name>' not specified; see 'jobboard claim --help'$/,
      ),
    },
  })
  expect(errorOf(await jobboard(['trash', '--json']))).toMatchObject({ error: { code: 'JOBBOARD_USAGE' } })
  const { url } = await newBoard()
  const missing = await jobboard(['show', 'nobody', '--json', '--board', url])
  expect(missing).toMatchObject({ status: 3, stdout: '' })
  expect(errorOf(missing)).toMatchObject({
    error: { code: 'JOBBOARD_JOB_NOT_FOUND', message: expect.stringContaining('nobody') },
  })
})

test('what is not there exits 3', async () => {
  const { url, board } = await newBoard()
  await board.post('resize', { id: 'gone' })
  await (await board.claim('gone')).consume()
  const commands = [
    ['show', 'gone'],
    ['claim', 'gone', '--owner', 'ada'],
    ['claim', '--next', '--owner', 'ada'],
    ['release', 'gone', '--any-token', '--reason', 'r'],
    ['trash', 'restore', 'gone'],
    ['trash', 'purge', 'gone'],
  ]
  for (const command of commands) {
    expect([command, await jobboard([...command, '--board', url])]).toMatchObject([
      command,
      { status: 3, stdout: '' },
    ])
  }
})

test('what somebody else has, or nobody can have yet, exits 4', async () => {
  const { url, board } = await newBoard()
  await board.post('resize', { id: 'held' })
  await board.post('resize', { id: 'free' })
  await board.post('resize', { id: 'late', delayMs: 60_000 })
  await board.claim('held', 'ben')
  const held = await jobboard(['claim', 'held', '--owner', 'ben', '--json', '--board', url])
  expect(held).toMatchObject({ status: 4, stdout: '' })
  expect(errorOf(held)).toMatchObject({
    error: { code: 'JOBBOARD_ALREADY_CLAIMED', message: expect.stringContaining('ben') },
  })
  const late = await jobboard(['claim', 'late', '--owner', 'ben', '--json', '--board', url])
  expect([late.status, errorOf(late)]).toMatchObject([4, { error: { code: 'JOBBOARD_NOT_AVAILABLE_YET' } }])
  const free = await jobboard(['release', 'free', '--any-token', '--reason', 'r', '--json', '--board', url])
  expect([free.status, errorOf(free)]).toMatchObject([4, { error: { code: 'JOBBOARD_CLAIM_CHANGED' } }])
})

test('other content under a used id exits 1', async () => {
  const { url, board } = await newBoard()
  await board.post('resize', { id: 'a1' })
  const conflict = await jobboard(['post', 'mail', '--id', 'a1', '--json', '--board', url])
  expect([conflict.status, errorOf(conflict)]).toMatchObject([
    1,
    { error: { code: 'JOBBOARD_POSTING_CONFLICT' } },
  ])
})

test('a claim that an operator ends while it is held exits 6', async () => {
  const { url, board } = await newBoard('?sessionTtlMs=3000')
  await board.post('resize', { id: 'a1' })
  const running = new Running(['claim', 'a1', '--owner', 'ada', '--hold', '60', '--json', '--board', url])
  await running.event('claimed')
  await board.forceRelease('a1', { token: 'any', reason: 'test' })
  const ended = await running.ended
  expect(ended.status).toBe(6)
  expect(running.events().map(({ event, owner }) => [event, owner])).toEqual([
    ['claimed', 'ada'],
    ['lost', 'ada'],
  ])
  expect(errorOf(ended)).toMatchObject({ error: { code: 'JOBBOARD_CLAIM_LOST' } })
})

test('a board out of reach exits 5, an unknown outcome 7; the driver is a package of the working directory', async () => {
  const cwd = await tempFolder()
  await installTroubledDriver(cwd)
  const down = await jobboard(['count', '--json', '--board', 'troubled+down:'], { cwd })
  expect([down.status, errorOf(down)]).toMatchObject([5, { error: { code: 'JOBBOARD_UNAVAILABLE' } }])
  const mute = await jobboard(['post', 'a', '--json', '--board', 'troubled+mute:?requestTimeoutMs=200'], {
    cwd,
  })
  expect([mute.status, errorOf(mute)]).toMatchObject([
    7,
    {
      error: {
        code: 'JOBBOARD_OUTCOME_UNKNOWN',
        message: expect.stringMatching(
          /; run it again with --id [0-9a-f-]{36}, which adds nothing if it was$/,
        ),
      },
    },
  ])
  const input = '{"name":"a","id":"a1"}'
  const lines = ['post', '--stdin', '--json', '--board', 'troubled+mute:?requestTimeoutMs=200']
  expect(jsonLines((await jobboard(lines, { cwd, input })).stdout)).toMatchObject([
    { line: 1, error: { message: expect.stringContaining('post the line again with "id":"a1"') } },
  ])
})

test('no message shows a password, whoever worded it', async () => {
  const cwd = await tempFolder()
  await installTroubledDriver(cwd)
  const chatty = await jobboard(['count', '--board', 'troubled+chatty:'], { cwd })
  expect(chatty.status).toBe(5)
  expect(chatty.stderr).toContain('x://user:***@host')
  expect(chatty.stderr).not.toContain('secret')
})

test('an entry that does not parse is told from one that is not there', async () => {
  const cwd = await tempFolder()
  await installTroubledDriver(cwd)
  const shown = await jobboard(['show', 'a1', '--json', '--board', 'troubled+garbled:'], { cwd })
  expect(shown.status).toBe(1)
  expect(errorOf(shown)).toMatchObject({
    error: {
      code: 'JOBBOARD_MALFORMED_JOB',
      message: expect.stringContaining('Job a1 is there, but does not parse'),
    },
  })
})

test('a command that comes to a stop before its end fails', async () => {
  const cwd = await tempFolder()
  await installDriver(cwd, 'stuck', 'await new Promise(() => {})')
  const stuck = await jobboard(['count', '--json', '--board', 'stuck+for-ever:'], { cwd })
  expect([stuck.status, errorOf(stuck)]).toMatchObject([
    1,
    { error: { message: expect.stringContaining('before its end') } },
  ])
})

test('work ends when its board will not work again, and says the same only once while it may', async () => {
  const cwd = await tempFolder()
  await installTroubledDriver(cwd)
  const command = ['work', '--owner', 'ada', '--exec', 'true', '--json', '--board']
  const broken = await jobboard([...command, 'troubled+broken:'], { cwd })
  expect(broken.status).toBe(1)
  expect(broken.stderr).toContain('the folder is gone')
  const flaky = new Running([...command, 'troubled+flaky:'], { cwd })
  await until('a first complaint', () => flaky.stderr.includes('\n'))
  await sleep(500)
  expect(errorOf({ ...flaky, status: null, signal: null })).toMatchObject({
    error: { message: expect.stringContaining('try again') },
  })
})

test('output that cannot be written is an error, once what was begun is settled', async () => {
  const { url, board } = await newBoard()
  for (const id of ['a', 'b']) await board.post('resize', { id })
  const work = `work --owner ada --exec 'echo hello' --exit-when-empty --board ${url} 2> err`
  const ended = await toFullDisk(work)
  expect(ended.status).toBe(1)
  expect(ended.stderr.trimEnd().split('\n').at(-1)).toMatch(/^jobboard: Cannot write to stdout: ENOSPC/)
  expect(await board.count()).toMatchObject({ unclaimed: 1, claimed: 0 })
  expect(await toFullDisk(`list --json --board ${url} 2> err`)).toMatchObject({ status: 1 })
})

/** Runs a command line whose stdout is a disk that is always full. */
async function toFullDisk(line: string): Promise<Pick<Ended, 'status' | 'stderr'>> {
  const cwd = await tempFolder()
  const child = spawn('sh', ['-c', `"${process.execPath}" "${main}" ${line} > /dev/full`], { cwd })
  const [status] = await once(child, 'close')
  return { status, stderr: await readFile(join(cwd, 'err'), 'utf8') }
}

/** A third party's driver: each of its schemes has another kind of trouble. */
async function installTroubledDriver(folder: string): Promise<void> {
  const core = pathToFileURL(createRequire(import.meta.url).resolve('@jobboard/core/driver')).href
  const memory = pathToFileURL(createRequire(import.meta.url).resolve('@jobboard/memory')).href
  await installDriver(
    folder,
    'troubled',
    `import { DriverError } from '${core}'
import { memory } from '${memory}'
const trouble = {
  down: board => {
    board.open = () => Promise.reject(new DriverError('unavailable', 'nobody answers'))
  },
  chatty: board => {
    board.open = () => Promise.reject(new DriverError('unavailable', 'nobody answers at x://user:secret@host'))
  },
  mute: board => {
    board.post = () => new Promise(() => {})
  },
  garbled: board => {
    const read = board.read.bind(board)
    board.read = async query =>
      query.kind === 'jobs' ? { scope: 's', found: query.ids.map(() => 'malformed') } : read(query)
  },
  broken: board => tellEvery(board, () => new DriverError('incompatible', 'the folder is gone')),
  flaky: board => tellEvery(board, () => new DriverError('unavailable', 'try again')),
}
function tellEvery(board, error) {
  const open = board.open.bind(board)
  board.open = (sink, ...rest) => {
    setInterval(() => sink.trouble(error()), 50).unref()
    return open(sink, ...rest)
  }
}
export const driver = {
  name: 'troubled', apiVersion: 1, schemes: Object.keys(trouble).map(kind => 'troubled+' + kind),
  parseUrl: ({ scheme }) => ({ scheme }),
  create({ scheme }) {
    const board = memory()
    trouble[scheme.replace('troubled+', '')](board)
    return board
  },
}
`,
  )
}

/** Installs a package as npm would. */
async function installDriver(folder: string, name: string, code: string): Promise<void> {
  const home = join(folder, 'node_modules', name)
  await mkdir(home, { recursive: true })
  await writeFile(join(home, 'package.json'), JSON.stringify({ name, type: 'module', exports: './index.js' }))
  await writeFile(join(home, 'index.js'), code)
}
