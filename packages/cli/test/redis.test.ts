import { startServer } from '@jobboard/test-servers'
import { expect, onTestFinished, test } from 'vitest'
import { jobboard } from './processes.js'

test('jobs go from hand to hand on a board in Redis', async () => {
  const server = await startServer({ kind: 'redis' })
  onTestFinished(() => server[Symbol.asyncDispose]())
  const on = ['--board', `${server.url}/0?board=pictures`]
  const posted = await jobboard(['post', '--stdin', '--json', ...on], {
    input: '{"name":"resize","id":"a"}\n{"name":"resize","id":"b","priority":"high"}\n',
  })
  expect(posted).toMatchObject({ status: 0, stderr: '' })
  const worked = await jobboard([
    'work',
    '--owner',
    'ada',
    '--exec',
    'true',
    '--exit-when-empty',
    '--json',
    ...on,
  ])
  expect(worked).toMatchObject({ status: 0, stderr: '' })
  const consumed = worked.stdout.split('\n').filter(line => line.includes('"event":"consumed"'))
  expect(consumed.map(line => JSON.parse(line).job.id)).toEqual(['b', 'a'])
  const counted = await jobboard(['count', '--json', ...on])
  expect(JSON.parse(counted.stdout)).toEqual({ unclaimed: 0, delayed: 0, claimed: 0, trashed: 0 })
})
