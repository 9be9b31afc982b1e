import { expect, test } from 'vitest'
import { jobboard, jsonLines, newBoard, Running, until } from './processes.js'

test('post --stdin posts every good line and answers line by line', async () => {
  const { url, board } = await newBoard()
  await board.post('other', { id: 'taken' })
  const lines = [
    '{"name":"resize","id":"a1","details":{"photo":1},"priority":"low","book":{"uuid":"b","name":"B"},"delayMs":60000}',
    'no json',
    '',
    '{"name":"resize","id":"a2","details":null,"priority":null,"book":null,"delayMs":null}',
    '["resize"]',
    '{"name":""}',
    '{"name":"resize","colour":"red"}',
    '{"name":"resize","id":"taken"}',
    '{"name":"resize","priority":"soon"}',
    '{"name":"resize","id":"a3"}',
  ]
  const posted = await jobboard(['post', '--stdin', '--json', '--board', url], { input: lines.join('\n') })
  expect(posted).toMatchObject({ status: 1, stderr: '' })
  const error = (code: string, message = ''): unknown => ({ code, message: expect.stringContaining(message) })
  expect(jsonLines(posted.stdout)).toMatchObject([
    { id: 'a1', name: 'resize', priority: 'LOW', details: { photo: 1 }, book: { uuid: 'b', name: 'B' } },
    { line: 2, error: error('JOBBOARD_USAGE', 'JSON') },
    { id: 'a2', state: 'UNCLAIMED' },
    { line: 5, error: error('JOBBOARD_USAGE', 'a JSON object') },
    { line: 6, error: error('JOBBOARD_INVALID_POSTING', 'name') },
    { line: 7, error: error('JOBBOARD_USAGE', 'unknown: colour; known are name, details') },
    { line: 8, error: error('JOBBOARD_POSTING_CONFLICT', 'taken') },
    { line: 9, error: error('JOBBOARD_INVALID_POSTING', 'VERY_HIGH') },
    { id: 'a3', state: 'UNCLAIMED' },
  ])
  expect(await board.count()).toMatchObject({ unclaimed: 3, delayed: 1 })
})

test('post --stdin refuses what would arrive changed, line by line', async () => {
  const { url, board } = await newBoard()
  const lines = [
    Buffer.from('\ufeff{"name":"resize","id":"a1"}'),
    Buffer.from('{"name":"caf\u00e9"}', 'latin1'),
    Buffer.from('{"name":"caf\u00e9","id":"a2","details":{"a":"\u2028","b":1e21,"__proto__":1}}'),
    Buffer.from('{"name":"resize","details":{"n":12345678901234567890}}'),
    Buffer.from('{"name":"resize","details":{"a":1,"a":2}}'),
    Buffer.from('{"name":"resize","details":{"password":"secret}}'),
  ]
  const input = Buffer.concat(lines.flatMap(line => [line, Buffer.from('\r\n')]))
  const posted = await jobboard(['post', '--stdin', '--json', '--board', url], { input })
  expect(posted).toMatchObject({ status: 1, stderr: '' })
  expect(jsonLines(posted.stdout)).toMatchObject([
    { id: 'a1' },
    { line: 2, error: { message: 'the line is no UTF-8' } },
    { id: 'a2', name: 'caf\u00e9' },
    { line: 4, error: { message: expect.stringContaining('write it as a text') } },
    { line: 5, error: { message: expect.stringContaining('twice') } },
    { line: 6, error: { message: expect.stringMatching(/^the line is no JSON \(wrong at position \d+\)$/) } },
  ])
  expect(JSON.stringify((await board.find('a2'))?.details)).toBe('{"a":"\u2028","b":1e+21,"__proto__":1}')
})

test('post --stdin of many lines keeps their order, and exits 0', async () => {
  const { url, board } = await newBoard()
  const ids = Array.from({ length: 3_000 }, (_, index) => `job-${index}`)
  const input = ids.map(id => `${JSON.stringify({ name: 'resize', id })}\n`).join('')
  const posted = await jobboard(['post', '--stdin', '--board', url], { input })
  expect(posted).toMatchObject({ status: 0, stderr: '' })
  const lines = posted.stdout.split('\n').slice(0, -1)
  expect(lines.map(line => line.split('  ')[0])).toEqual(ids)
  expect(await board.count()).toMatchObject({ unclaimed: 3_000 })
})

test('post --stdin answers each line while the input goes on', async () => {
  const { url } = await newBoard()
  const running = new Running(['post', '--stdin', '--json', '--board', url])
  running.child.stdin?.write('{"name":"one"}\n')
  await until('the first answer', () => running.stdout.includes('"one"'))
  running.child.stdin?.end('{"name":"two"}\n')
  expect(jsonLines((await running.ended).stdout)).toMatchObject([{ name: 'one' }, { name: 'two' }])
})

test('post --stdin for people tells errors on stderr, and posts on when nobody reads the answers', async () => {
  const { url, board } = await newBoard()
  const told = await jobboard(['post', '--stdin', '--board', url], { input: '{"name":"one"}\n{}\n' })
  expect(told).toMatchObject({ status: 1, stdout: expect.stringContaining('one  UNCLAIMED') })
  expect(told.stderr).toMatch(/^line 2: Cannot post this job: name/)
  const unread = new Running(['post', '--stdin', '--json', '--board', url])
  unread.child.stdout?.destroy()
  unread.child.stdin?.end('{"name":"more"}\n'.repeat(1_000))
  expect(await unread.ended).toMatchObject({ status: 0, stderr: '' })
  expect(await board.count()).toMatchObject({ unclaimed: 1_001 })
})
