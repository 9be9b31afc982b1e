import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { jobboard, jsonLines, newBoard, Running, tempFolder } from './processes.js'

const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

test('a job has exactly the members that the contract names, in their order', async () => {
  const { url } = await newBoard()
  const args = [
    'post',
    'resize',
    '--id',
    'a1',
    '--priority',
    'high',
    '--details',
    '{"photo":7}',
    '--delay',
    '60000',
  ]
  const posted = await jobboard([
    ...args,
    '--book-uuid',
    'b1',
    '--book-name',
    'Photos',
    '--json',
    '--board',
    url,
  ])
  expect(posted).toMatchObject({ status: 0, stderr: '' })
  const [job, ...rest] = jsonLines(posted.stdout)
  expect(rest).toEqual([])
  expect(Object.keys(job ?? {}).join()).toBe(
    'id,name,state,priority,owner,attempts,failures,losses,takeover,fencingToken,createdOn,availableAt,details,book',
  )
  expect(job).toEqual({
    id: 'a1',
    name: 'resize',
    state: 'UNCLAIMED',
    priority: 'HIGH',
    owner: null,
    attempts: 0,
    failures: 0,
    losses: 0,
    takeover: false,
    fencingToken: null,
    createdOn: expect.stringMatching(time),
    availableAt: expect.stringMatching(time),
    details: { photo: 7 },
    book: { uuid: 'b1', name: 'Photos' },
  })
})

test('a claimed job shows its owner and its token as text, absent things are null', async () => {
  const { url, board } = await newBoard()
  const job = await board.post('resize')
  const claim = await board.claim(job, 'ada')
  const shown = await jobboard(['show', job.id, '--json', '--board', url])
  expect(jsonLines(shown.stdout)).toEqual([
    {
      id: job.id,
      name: 'resize',
      state: 'CLAIMED',
      priority: 'NORMAL',
      owner: 'ada',
      attempts: 1,
      failures: 0,
      losses: 0,
      takeover: false,
      fencingToken: claim.fencingToken.toString(),
      createdOn: job.createdOn.toISOString(),
      availableAt: null,
      details: {},
      book: null,
    },
  ])
})

test('a trashed job adds why, by whom and when', async () => {
  const { url, board } = await newBoard()
  const job = await board.post('resize')
  await (await board.claim(job, 'ada')).trash({ reason: 'no such photo' })
  const [shown] = jsonLines((await jobboard(['show', job.id, '--json', '--board', url])).stdout)
  expect(shown).toMatchObject({ state: 'TRASHED', owner: null, fencingToken: null })
  expect(shown?.['trash']).toEqual({
    reason: 'no such photo',
    error: null,
    owner: 'ada',
    at: expect.stringMatching(time),
  })
})

test('post for people is one line; details come from a file', async () => {
  const { url, board } = await newBoard()
  const file = join(await tempFolder(), 'details.json')
  await writeFile(file, '{ "photo": 8 }')
  const posted = await jobboard(['post', 'resize', '--id', 'a1', '--details-file', file, '--board', url])
  expect(posted).toMatchObject({ status: 0, stdout: 'a1  resize  UNCLAIMED  NORMAL\n', stderr: '' })
  expect((await board.find('a1'))?.details).toEqual({ photo: 8 })
})

test('posting the same again adds nothing and tells where the job stands', async () => {
  const { url, board } = await newBoard()
  await board.claim(await board.post('resize', { id: 'a1' }))
  const again = await jobboard(['post', 'resize', '--id', 'a1', '--json', '--board', url])
  expect(jsonLines(again.stdout)).toMatchObject([{ id: 'a1', state: 'CLAIMED' }])
  expect(await board.count()).toEqual({ unclaimed: 0, delayed: 0, claimed: 1, trashed: 0 })
})

test('list shows the board in its order and then the trash', async () => {
  const { url, board } = await newBoard()
  await board.post('slow', { id: 'low', priority: 'LOW' })
  await board.post('resize', { id: 'old' })
  await board.post('resize', { id: 'new' })
  await board.post('resize', { id: 'late', priority: 'HIGH', delayMs: 60_000 })
  await board.post('mail', { id: 'bad', priority: 'VERY_HIGH' })
  await (await board.claim('bad')).trash({ reason: 'no address' })
  await board.claim('new', 'ada')
  const ids = async (...flags: string[]): Promise<unknown[]> => {
    const { stdout } = await jobboard(['list', ...flags, '--json', '--board', url])
    return jsonLines(stdout).map(({ id }) => id)
  }
  expect(await ids()).toEqual(['late', 'old', 'new', 'low', 'bad'])
  expect(await ids('--state', 'claimed')).toEqual(['new'])
  expect(await ids('--state', 'TRASHED')).toEqual(['bad'])
  expect(await ids('--name', 'mail', '--name', 'slow')).toEqual(['low', 'bad'])
  expect(await ids('--limit', '2')).toEqual(['late', 'old'])
  expect(await ids('--state', 'unclaimed', '--name', 'resize')).toEqual(['late', 'old'])
  expect(await ids('--state', 'unclaimed', '--limit', '1')).toEqual(['late'])
})

test('list for people is a table without control characters of producers, and without colours off a terminal', async () => {
  const { url, board } = await newBoard()
  await board.post('red\u001b[31m', { id: 'a1' })
  const { stdout } = await jobboard(['list', '--board', url], { env: { CI: '1' } })
  const [head, row] = stdout.split('\n')
  expect(head).toMatch(/^ID +NAME +STATE +PRIORITY +OWNER +ATTEMPTS +FAILURES +CLAIMABLE FROM$/)
  expect(row).toMatch(/^a1 +red\\u\{1b\}\[31m +UNCLAIMED +NORMAL +- +0 +0 +-$/)
})

test('the columns of a table fit wide characters, and all its rows', async () => {
  const { url, board } = await newBoard()
  await board.post('画像', { id: 'a' })
  await Promise.all(
    Array.from({ length: 3_000 }, (_, i) =>
      board.post(`resize-${i}`, { id: `b${String(i).padStart(4, '0')}` }),
    ),
  )
  const { status, stdout } = await jobboard(['list', '--board', url], { env: { CI: '1' } })
  expect(status).toBe(0)
  const [head = '', wide, ...rows] = stdout.trimEnd().split('\n')
  expect(wide).toBe(`a      画像        UNCLAIMED  NORMAL    -      0         0         -`)
  expect(head.indexOf('STATE')).toBe('a      画像        '.length + 2)
  expect(rows).toHaveLength(3_000)
  expect(new Set(rows.map(row => row.indexOf('UNCLAIMED'))).size).toBeLessThanOrEqual(2)
})

test('show for people has the details, which lists leave out', async () => {
  const { url, board } = await newBoard()
  await board.post('resize', { id: 'a1', details: { photo: 7 } })
  const { stdout } = await jobboard(['show', 'a1', '--board', url])
  expect(stdout).toMatch(/^state +UNCLAIMED$/m)
  expect(stdout).toContain('"photo": 7')
  expect((await jobboard(['list', '--board', url])).stdout).not.toContain('photo')
})

test('count tells the four numbers', async () => {
  const { url, board } = await newBoard()
  for (const id of ['a', 'b', 'c']) await board.post('resize', { id })
  await board.post('resize', { delayMs: 60_000 })
  await board.claim('a')
  await (await board.claim('b')).trash({ reason: 'bad' })
  const counted = await jobboard(['count', '--json', '--board', url])
  expect(counted.stdout).toBe('{"unclaimed":1,"delayed":1,"claimed":1,"trashed":1}\n')
  expect((await jobboard(['count', '--board', url])).stdout).toMatch(
    /^unclaimed +1\ndelayed +1\nclaimed +1\ntrashed +1\n$/,
  )
})

test('the board comes from the flag, then the environment, then the working directory', async () => {
  const [flag, environment] = [await newBoard(), await newBoard()]
  const cwd = await tempFolder()
  await flag.board.post('in the flag')
  await environment.board.post('in the environment')
  const names = async (args: string[], env?: Record<string, string>): Promise<unknown[]> => {
    const { stdout } = await jobboard(['list', '--json', ...args], { cwd, ...(env && { env }) })
    return jsonLines(stdout).map(({ name }) => name)
  }
  const env = { JOBBOARD_URL: environment.url }
  await jobboard(['post', 'in the default'], { cwd, env: { JOBBOARD_URL: '' } })
  expect(await names(['--board', flag.url], env)).toEqual(['in the flag'])
  expect(await names([], env)).toEqual(['in the environment'])
  expect(await names(['--board', 'file:.jobboard'])).toEqual(['in the default'])
  expect(await names([])).toEqual(['in the default'])
})

test('memory: is a board for one process', async () => {
  const posted = await jobboard(['post', 'resize', '--json', '--board', 'memory:'])
  expect(jsonLines(posted.stdout)).toMatchObject([{ name: 'resize', state: 'UNCLAIMED' }])
  expect((await jobboard(['count', '--json', '--board', 'memory:'])).stdout).toContain('"unclaimed":0')
})

test('the trash is listed, restored and purged', async () => {
  const { url, board } = await newBoard()
  for (const id of ['a', 'b', 'c']) {
    await board.post('resize', { id })
    await (await board.claim(id, 'ada')).trash({ reason: `bad ${id}`, error: 'boom' })
  }
  const listed = await jobboard(['trash', 'list', '--json', '--board', url])
  expect(jsonLines(listed.stdout)).toMatchObject(
    ['a', 'b', 'c'].map(id => ({
      id,
      state: 'TRASHED',
      trash: { reason: `bad ${id}`, error: 'boom', owner: 'ada' },
    })),
  )
  expect((await jobboard(['trash', 'list', '--board', url])).stdout).toContain('bad b')
  const restored = await jobboard(['trash', 'restore', 'a', '--json', '--board', url])
  expect(jsonLines(restored.stdout)).toMatchObject([{ id: 'a', state: 'UNCLAIMED', attempts: 0 }])
  expect((await jobboard(['trash', 'purge', 'b', '--board', url])).stdout).toBe('Purged 1 job.\n')
  expect(await board.find('b')).toBeUndefined()
  expect((await jobboard(['trash', 'purge', '--all', '--json', '--board', url])).stdout).toBe(
    '{"purged":1}\n',
  )
  expect(await board.count()).toEqual({ unclaimed: 1, delayed: 0, claimed: 0, trashed: 0 })
})

test('release ends the claim with that token, or whichever there is', async () => {
  const { url, board } = await newBoard()
  await board.post('resize', { id: 'a1' })
  const first = await board.claim('a1', 'ada')
  const reason = ['--reason', 'ada is on holiday', '--board', url]
  const wrong = await jobboard(['release', 'a1', '--token', `${first.fencingToken + 1n}`, ...reason])
  expect(wrong).toMatchObject({ status: 4, stdout: '' })
  const right = await jobboard(['release', 'a1', '--token', `${first.fencingToken}`, '--json', ...reason])
  expect(jsonLines(right.stdout)).toMatchObject([{ id: 'a1', state: 'UNCLAIMED', losses: 1, takeover: true }])
  expect((await jobboard(['show', 'a1', '--board', url])).stdout).toMatch(
    /^lostBy +ada \(forced, .*\): ada is on holiday$/m,
  )
  const next = await jobboard(['claim', 'a1', '--owner', 'cleo', '--board', url])
  expect(next.stdout).toContain('taken over from ada: ada is on holiday)')
  await board.claim('a1', 'ben')
  expect(await jobboard(['release', 'a1', '--any-token', ...reason])).toMatchObject({
    status: 0,
    stdout: 'Released a1.\n',
  })
  expect(await board.find('a1')).toMatchObject({ state: 'UNCLAIMED', losses: 2 })
})

test('every command has help that names no command of the future', async () => {
  const commands = [
    'post',
    'list',
    'show',
    'count',
    'claim',
    'work',
    'release',
    'demo',
    'trash',
    'trash purge',
    'help',
  ]
  for (const command of ['', ...commands]) {
    const help = await jobboard([...command.split(' ').filter(Boolean), '--help'])
    expect(help).toMatchObject({ status: 0, stderr: '' })
    expect(help.stdout).toContain(`Usage: jobboard ${command}`.trim())
    expect(help.stdout).toContain('--json')
    expect(help.stdout).not.toMatch(/^ +(watch|doctor|entities) |--persistence/m)
  }
  const asked = await jobboard(['help', 'trash', 'restore'])
  expect(asked).toMatchObject({ status: 0, stderr: '' })
  expect(asked.stdout).toContain('Usage: jobboard trash restore')
  expect(await jobboard(['--version'])).toMatchObject({ status: 0, stdout: '0.1.0\n' })
})

test('a reader that goes away is no error', async () => {
  const { url, board } = await newBoard()
  await Promise.all(
    Array.from({ length: 2_000 }, () => board.post('resize', { details: { text: 'x'.repeat(200) } })),
  )
  const running = new Running(['list', '--json', '--board', url])
  running.child.stdout?.once('data', () => running.child.stdout?.destroy())
  const { status, stderr, stdout } = await running.ended
  expect(stdout.length).toBeLessThan(2_000 * 200)
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
})
