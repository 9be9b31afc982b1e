import { expect, test } from 'vitest'
import { jobboard, newBoard, Running, until } from './processes.js'

test.each([
  ['consume', 'consumed', undefined],
  ['abandon', 'abandoned', { state: 'UNCLAIMED', attempts: 1, failures: 0, takeover: false }],
  ['trash', 'trashed', { state: 'TRASHED', trashedWith: { reason: 'a bad photo' } }],
] as const)('claim --then %s', async (then, event, after) => {
  const { url, board } = await newBoard()
  await board.post('resize', { id: 'a1' })
  const args = [
    'claim',
    'a1',
    '--owner',
    'ada',
    '--then',
    then,
    '--reason',
    'a bad photo',
    '--json',
    '--board',
    url,
  ]
  const running = new Running(args, { input: '' })
  expect(await running.ended).toMatchObject({ status: 0, stderr: '' })
  const [claimed, ended, ...rest] = running.events()
  expect(rest).toEqual([])
  expect(Object.keys(claimed ?? {})).toEqual(['event', 'owner', 'job'])
  expect(claimed).toMatchObject({
    event: 'claimed',
    owner: 'ada',
    job: { id: 'a1', state: 'CLAIMED', owner: 'ada', attempts: 1 },
  })
  expect(ended).toMatchObject({ event, owner: 'ada', job: { id: 'a1', owner: null } })
  expect(ended?.job['fencingToken']).toBe(claimed?.job['fencingToken'])
  const found = await board.find('a1')
  if (after === undefined) expect(found).toBeUndefined()
  else expect(found).toMatchObject(after)
})

test('claim --next takes the most urgent job, and abandons it unless told otherwise', async () => {
  const { url, board } = await newBoard()
  await board.post('later', { priority: 'LOW' })
  await board.post('first', { id: 'a1', priority: 'HIGH' })
  const { status, stdout } = await jobboard(['claim', '--next', '--owner', 'ada', '--board', url])
  expect(status).toBe(0)
  expect(stdout).toMatch(/^claimed a1 {2}first {2}\(attempt 1, token \d+\)\nabandoned a1 {2}first\n$/)
  expect(await board.find('a1')).toMatchObject({ state: 'UNCLAIMED', attempts: 1 })
})

test('a held claim is renewed for longer than its time to live', async () => {
  const { url, board } = await newBoard('?sessionTtlMs=3000')
  await board.post('resize', { id: 'a1' })
  const args = [
    'claim',
    'a1',
    '--owner',
    'ada',
    '--hold',
    '4.5',
    '--then',
    'consume',
    '--json',
    '--board',
    url,
  ]
  const running = new Running(args)
  await running.event('claimed')
  expect(await board.find('a1')).toMatchObject({ state: 'CLAIMED', owner: 'ada' })
  expect(await running.ended).toMatchObject({ status: 0 })
  await running.event('consumed')
})

test('claim --then exit leaves the claim, which runs out by itself', async () => {
  const { url, board } = await newBoard('?sessionTtlMs=3000')
  await board.post('resize', { id: 'a1' })
  const args = ['claim', 'a1', '--owner', 'ada', '--then', 'exit', '--json', '--board', url]
  const running = new Running(args)
  expect(await running.ended).toMatchObject({ status: 0, stderr: '' })
  expect(running.events().map(({ event }) => event)).toEqual(['claimed'])
  expect(await board.find('a1')).toMatchObject({ state: 'CLAIMED', owner: 'ada' })
  const next = await until('the claim to run out', () => board.claimNext({ owner: 'ben' }))
  expect(next).toMatchObject({ previous: { owner: 'ada', cause: 'expired' }, attempt: 2 })
})

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s while holding gives the job back and exits %i', async (signal, status) => {
  const { url, board } = await newBoard()
  await board.post('resize', { id: 'a1' })
  const running = new Running([
    'claim',
    'a1',
    '--owner',
    'ada',
    '--hold',
    '60',
    '--then',
    'consume',
    '--json',
    '--board',
    url,
  ])
  await running.event('claimed')
  running.child.kill(signal)
  expect(await running.ended).toMatchObject({ status, stderr: '' })
  expect(running.events().map(({ event }) => event)).toEqual(['claimed', 'abandoned'])
  expect(await board.find('a1')).toMatchObject({ state: 'UNCLAIMED', takeover: false })
})
