import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Lifelines } from './lifelines.js'
import { type Ended, jobboard, jsonLines, newBoard, Running, tempFolder, until } from './processes.js'

function work(url: string, exec: string, ...flags: string[]): string[] {
  return ['work', '--owner', 'ada', '--exec', exec, '--json', '--board', url, ...flags]
}

function kinds({ stdout }: Ended): readonly unknown[] {
  return jsonLines(stdout).map(({ event }) => event)
}

test('exit 0 consumes; the command finds the job in its environment and on its standard input', async () => {
  const { url, board } = await newBoard()
  await board.post('resize', { id: 'a1', details: { photo: 7 } })
  const file = join(await tempFolder(), 'seen')
  const exec = `{ echo "$JOBBOARD_JOB_ID $JOBBOARD_JOB_NAME $JOBBOARD_ATTEMPT $JOBBOARD_FENCING_TOKEN $JOBBOARD_TAKEOVER"; cat; } > ${file}`
  const ended = await jobboard(work(url, exec, '--exit-when-empty'))
  expect(ended).toMatchObject({ status: 0, stderr: '' })
  const [claimed, consumed, ...rest] = jsonLines(ended.stdout)
  expect(rest).toEqual([])
  const { job } = claimed as { job: Record<string, unknown> }
  expect(claimed).toMatchObject({
    event: 'claimed',
    owner: 'ada',
    job: { id: 'a1', state: 'CLAIMED', owner: 'ada' },
  })
  expect(consumed).toMatchObject({ event: 'consumed', owner: 'ada', job: { id: 'a1', state: 'COMPLETE' } })
  const [environment, input] = (await readFile(file, 'utf8')).split('\n')
  expect(environment).toBe(`a1 resize 1 ${job['fencingToken']} 0`)
  expect(JSON.parse(input ?? '')).toEqual(job)
  expect(await board.find('a1')).toBeUndefined()
})

test('a takeover is told to the command', async () => {
  const { url, board } = await newBoard()
  await board.post('resize')
  await board.claimNext({ owner: 'ben' })
  await board.close()
  const file = join(await tempFolder(), 'seen')
  await jobboard(work(url, `echo "$JOBBOARD_TAKEOVER $JOBBOARD_ATTEMPT" > ${file}`, '--exit-when-empty'))
  expect(await readFile(file, 'utf8')).toBe('1 2\n')
})

test('what the command prints is stdout for people, and stderr beside JSON', async () => {
  const { url, board } = await newBoard()
  for (const id of ['a', 'b']) await board.post('resize', { id })
  const plain = [
    'work',
    '--owner',
    'ada',
    '--exec',
    'echo hello; echo oops >&2',
    '--board',
    url,
    '--max-jobs',
    '1',
  ]
  const people = await jobboard(plain)
  expect(people).toMatchObject({ status: 0, stdout: 'hello\n' })
  expect(people.stderr).toMatch(
    /^claimed a {2}resize {2}\(attempt 1, token \d+\)\noops\nconsumed a {2}resize\n$/,
  )
  const json = await jobboard([...plain, '--json'])
  expect(kinds(json)).toEqual(['claimed', 'consumed'])
  expect(json.stderr.split('\n').sort()).toEqual(['', 'hello', 'oops'])
})

test('what a command prints is taken, however much it is and whether or not anybody reads it', async () => {
  const { url, board } = await newBoard()
  for (const id of ['a', 'b', 'c']) await board.post('resize', { id })
  const exec = 'yes hello | head -c 3000000 && echo the end >&2'
  const running = new Running(['work', '--owner', 'ada', '--exec', exec, '--max-jobs', '3', '--board', url])
  running.child.stdout?.once('data', () => running.child.stdout?.destroy())
  expect(await running.ended).toMatchObject({ status: 0, stderr: expect.stringContaining('the end') })
  // The reader that went away ends the claiming, and no job failed for it.
  expect(await board.count()).toEqual({ unclaimed: 2, delayed: 0, claimed: 0, trashed: 0 })
})

test('a command waits for whoever reads what it prints', async () => {
  const { url, board } = await newBoard()
  await board.post('resize')
  const marker = join(await tempFolder(), 'printed')
  const exec = `yes hello | head -c 5000000 >&2; touch ${marker}`
  const running = new Running(work(url, exec, '--exit-when-empty'))
  running.child.stderr?.pause()
  await running.event('claimed')
  await sleep(1_000)
  expect(existsSync(marker)).toBe(false)
  running.child.stderr?.resume()
  const { status, stderr } = await running.ended
  expect([status, stderr.length]).toEqual([0, 5_000_000])
})

test('what a command leaves on an open line does not run into the next message', async () => {
  const { url, board } = await newBoard()
  await board.post('resize', { id: 'a1' })
  const args = ['work', '--owner', 'ada', '--exec', 'printf half >&2', '--exit-when-empty', '--board', url]
  expect((await jobboard(args)).stderr).toContain('half\nconsumed a1')
})

test('exit 75 gives the job back with the delay and without a failure', async () => {
  const { url, board } = await newBoard()
  await board.post('resize', { id: 'a1' })
  const ended = await jobboard(work(url, 'exit 75', '--max-jobs', '1', '--retry-delay', '60000'))
  expect(ended.status).toBe(0)
  expect(jsonLines(ended.stdout)[1]).toMatchObject({
    event: 'abandoned',
    job: { state: 'UNCLAIMED', failures: 0, availableAt: expect.any(String) },
  })
  const job = await board.find('a1')
  expect(job).toMatchObject({ state: 'UNCLAIMED', attempts: 1, failures: 0 })
  expect(job?.availableAt?.getTime()).toBeGreaterThan(Date.now() + 30_000)
})

test('other statuses are failures, and after --max-failures the job is trashed with status and stderr', async () => {
  const { url, board } = await newBoard()
  await board.post('resize', { id: 'a1' })
  const exec = 'echo first >&2; echo "\u001b[31mno such photo\u001b[0m" >&2; exit 3'
  const ended = await jobboard(
    work(url, exec, '--exit-when-empty', '--max-failures', '3', '--retry-delay', '10'),
  )
  expect(ended.status).toBe(0)
  expect(kinds(ended)).toEqual(['claimed', 'abandoned', 'claimed', 'abandoned', 'claimed', 'trashed'])
  const job = await board.find('a1')
  expect(job).toMatchObject({ state: 'TRASHED', attempts: 3 })
  expect(job?.trashedWith).toMatchObject({
    reason: 'exit status 3, failure 3 of 3\nfirst\nno such photo',
    error: 'first\nno such photo',
    owner: 'ada',
  })
  expect(jsonLines(ended.stdout).at(-1)).toMatchObject({ job: { state: 'TRASHED', trash: { owner: 'ada' } } })
})

test('of a long stderr the last lines are kept, whole', async () => {
  const { url, board } = await newBoard()
  await board.post('resize', { id: 'a1' })
  await jobboard(
    work(url, 'printf "%0999d\\n" $(seq 40) >&2; exit 3', '--max-jobs', '1', '--max-failures', '1'),
  )
  const { reason = '', error = '' } = (await board.find('a1'))?.trashedWith ?? {}
  const lines = error.split('\n')
  expect(lines.length).toBeLessThan(40)
  expect(lines.map(line => [line.length, Number(line)])).toEqual(
    lines.map((_, index) => [999, 41 - lines.length + index]),
  )
  expect(reason.split('\n').slice(1)).toEqual(lines.slice(-5))
})

test('a command that a signal ends has failed', async () => {
  const { url, board } = await newBoard()
  await board.post('resize', { id: 'a1' })
  await jobboard(work(url, 'kill -9 $$', '--max-jobs', '1', '--max-failures', '1'))
  expect((await board.find('a1'))?.trashedWith?.reason).toBe('killed by SIGKILL, failure 1 of 1')
})

test('lost claims count: a job that only ever loses its workers is trashed without another run', async () => {
  const { url, board } = await newBoard()
  await board.post('poison', { id: 'a1' })
  for (let loss = 1; loss <= 2; loss++) {
    const claim = await board.claim('a1', 'ben')
    await board.forceRelease('a1', { token: claim.fencingToken, reason: 'test' })
  }
  const file = join(await tempFolder(), 'ran')
  const ended = await jobboard(work(url, `touch ${file}`, '--exit-when-empty', '--max-failures', '2'))
  expect(kinds(ended)).toEqual(['claimed', 'trashed'])
  expect((await board.find('a1'))?.trashedWith?.reason).toBe(
    '2 failures, 2 of them lost claims; not run again',
  )
  await expect(readFile(file)).rejects.toThrow('ENOENT')
})

test('a lost claim ends the whole process group, SIGTERM or not, and work goes on', async () => {
  const { url, board } = await newBoard('?sessionTtlMs=3000')
  await board.post('resize', { id: 'a1' })
  const lifelines = await Lifelines.open()
  const exec = `[ $JOBBOARD_ATTEMPT = 2 ] || { ${lifelines.command('child', 'stubborn')} & ${lifelines.command('leader')}; }`
  const running = new Running(work(url, exec, '--exit-when-empty'))
  await Promise.all([lifelines.alive('child'), lifelines.alive('leader')])
  await board.forceRelease('a1', { token: 'any', reason: 'test' })
  await Promise.all([lifelines.dead('child'), lifelines.dead('leader')])
  expect(await running.ended).toMatchObject({ status: 0 })
  expect(running.events().map(({ event }) => event)).toEqual(['claimed', 'lost', 'claimed', 'consumed'])
  expect(running.events()[2]).toMatchObject({ job: { takeover: true, attempts: 2, losses: 1 } })
})

test('work that stood still for too long ends its command and leaves the job to the next owner', async () => {
  const { url, board } = await newBoard('?sessionTtlMs=3000')
  await board.post('resize', { id: 'a1' })
  const lifelines = await Lifelines.open()
  const running = new Running(work(url, lifelines.command('sleeper'), '--max-jobs', '1'))
  await lifelines.alive('sleeper')
  running.child.kill('SIGSTOP')
  const next = await until('the claim to run out', () => board.claimNext({ owner: 'ben' }))
  running.child.kill('SIGCONT')
  await lifelines.dead('sleeper')
  expect(kinds(await running.ended)).toEqual(['claimed', 'lost'])
  await next.consume()
})

test('what a finished command left running in its group ends before the job does', async () => {
  const { url, board } = await newBoard()
  await board.post('resize', { id: 'a1' })
  const lifelines = await Lifelines.open()
  const marker = join(await tempFolder(), 'go')
  const exec = `${lifelines.command('left-over')} & until [ -e ${marker} ]; do sleep 0.05; done`
  const running = new Running(work(url, exec, '--exit-when-empty'))
  await lifelines.alive('left-over')
  await writeFile(marker, '')
  await running.event('consumed')
  await lifelines.dead('left-over')
  expect(await running.ended).toMatchObject({ status: 0 })
})

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)(
  'after %s a running command may finish, nothing new is claimed, and work exits %i',
  async (signal, status) => {
    const { url, board } = await newBoard()
    for (const id of ['a', 'b']) await board.post('resize', { id })
    const marker = join(await tempFolder(), 'go')
    const running = new Running(work(url, `until [ -e ${marker} ]; do sleep 0.05; done`))
    await running.event('claimed')
    running.child.kill(signal)
    await writeFile(marker, '')
    const ended = await running.ended
    expect(ended.status).toBe(status)
    expect(kinds(ended)).toEqual(['claimed', 'consumed'])
    expect(await board.count()).toMatchObject({ unclaimed: 1, claimed: 0 })
  },
)

test('people learn what a first signal waits for', async () => {
  const { url, board } = await newBoard()
  await board.post('resize')
  const args = ['work', '--owner', 'ada', '--exec', 'sleep 60', '--board', url]
  const running = new Running(args)
  await until('the claim', () => running.stderr.includes('claimed'))
  running.child.kill('SIGINT')
  await until('the message', () =>
    running.stderr.includes('jobboard: waiting up to 30 s for 1 command; again to end it\n'),
  )
  running.child.kill('SIGINT')
  expect((await running.ended).status).toBe(130)
})

test('why an operator ended a claim is told to whoever lost it', async () => {
  const { url, board } = await newBoard('?sessionTtlMs=3000')
  await board.post('resize', { id: 'a1' })
  const running = new Running([
    'work',
    '--owner',
    'ada',
    '--exec',
    'sleep 60',
    '--max-jobs',
    '1',
    '--board',
    url,
  ])
  await until('the claim', () => running.stderr.includes('claimed'))
  await board.forceRelease('a1', { token: 'any', reason: 'a disk is full' })
  expect((await running.ended).stderr).toContain('lost a1  resize  (forced: a disk is full)')
})

test('when the grace is over, or at a second signal, commands are terminated and their jobs abandoned', async () => {
  for (const grace of ['0.3', '60']) {
    const { url, board } = await newBoard()
    for (const id of ['a', 'b']) await board.post('resize', { id })
    const lifelines = await Lifelines.open()
    const exec = lifelines.command('$JOBBOARD_JOB_ID', 'stubborn')
    const running = new Running(work(url, exec, '--grace', grace, '--concurrency', '2'))
    await Promise.all([lifelines.alive('a'), lifelines.alive('b')])
    running.child.kill('SIGTERM')
    if (grace === '60') running.child.kill('SIGINT')
    const ended = await running.ended
    expect([130, 143]).toContain(ended.status)
    expect(kinds(ended)).toEqual(['claimed', 'claimed', 'abandoned', 'abandoned'])
    await Promise.all([lifelines.dead('a'), lifelines.dead('b')])
    expect(await board.count()).toMatchObject({ unclaimed: 2, claimed: 0 })
    expect(await board.find('a')).toMatchObject({ failures: 0, takeover: false })
  }
})

test('--exit-when-empty waits for delayed jobs and for those of other owners, of these names only', async () => {
  const { url, board } = await newBoard()
  await board.post('other')
  await board.post('resize', { id: 'late', delayMs: 300 })
  await board.post('resize', { id: 'held' })
  const held = await board.claim('held', 'ben')
  const running = new Running(work(url, 'true', '--exit-when-empty', '--name', 'resize', '--name', 'mail'))
  await running.event('consumed')
  expect(running.child.exitCode).toBeNull()
  await held.consume()
  expect(kinds(await running.ended)).toEqual(['claimed', 'consumed'])
  expect(await board.count()).toMatchObject({ unclaimed: 1, claimed: 0, delayed: 0 })
})

test('--max-jobs and --concurrency', async () => {
  const { url, board } = await newBoard()
  for (let count = 0; count < 5; count++) await board.post('resize')
  const ended = await jobboard(work(url, 'sleep 0.3', '--max-jobs', '3', '--concurrency', '2'))
  expect([...kinds(ended)].sort()).toEqual([
    'claimed',
    'claimed',
    'claimed',
    'consumed',
    'consumed',
    'consumed',
  ])
  expect(kinds(ended).slice(0, 2)).toEqual(['claimed', 'claimed'])
  expect(await board.count()).toMatchObject({ unclaimed: 2, claimed: 0 })
  for await (const job of board.iterJobs()) expect(job.attempts).toBe(0)
})

test('two works share a board: every job once, and the job of the one that is killed goes to the other', async () => {
  const { url, board } = await newBoard('?sessionTtlMs=3000')
  const ids = Array.from({ length: 20 }, (_, index) => `job-${index}`)
  for (const id of ids) await board.post('resize', { id })
  const file = join(await tempFolder(), 'done')
  const exec = `sleep 0.1; echo $JOBBOARD_JOB_ID >> ${file}`
  const doomed = new Running(work(url, 'sleep 60', '--owner', 'ben'))
  const { job } = await doomed.event('claimed')
  const steady = new Running(work(url, exec, '--exit-when-empty', '--concurrency', '3'))
  await steady.event('consumed')
  doomed.child.kill('SIGKILL')
  expect(await steady.ended).toMatchObject({ status: 0 })
  const done = (await readFile(file, 'utf8')).trim().split('\n')
  expect(done.sort()).toEqual([...ids].sort())
  const takeovers = steady.events().filter(event => event.event === 'claimed' && event.job['takeover'])
  expect(takeovers.map(event => event.job['id'])).toEqual([job['id']])
  expect(await board.count()).toEqual({ unclaimed: 0, delayed: 0, claimed: 0, trashed: 0 })
})

test('work that nobody reads any more comes to an end', async () => {
  const { url, board } = await newBoard()
  await board.post('resize')
  const running = new Running(work(url, 'true'))
  await running.event('consumed')
  running.child.stdout?.destroy()
  await board.post('resize')
  expect(await running.ended).toMatchObject({ status: 0 })
  expect(await until('the job to be settled', async () => (await board.count()).claimed === 0)).toBe(true)
})
