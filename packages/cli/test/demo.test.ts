import { readdir } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { jobboard, jsonLines, Running, tempFolder, until } from './processes.js'

test('demo ends with every job completed exactly once', { timeout: 60_000 }, async () => {
  const TMPDIR = await tempFolder()
  const began = performance.now()
  const ended = await jobboard(['demo'], { env: { TMPDIR, CI: '1' } })
  expect(ended).toMatchObject({ status: 0, stderr: '' })
  expect(performance.now() - began).toBeLessThan(30_000)
  expect(ended.stdout).toContain(
    '26 jobs posted, 26 completed exactly once; left on the board: 0, in the trash: 0',
  )
  expect(ended.stdout).not.toContain('\u001b')
  expect(await readdir(TMPDIR)).toEqual([])
})

test('demo --json: a kill, a freeze, takeovers that resume, and writes of the late one that each side refuses', {
  timeout: 60_000,
}, async () => {
  const ended = await jobboard(['demo', '--json'])
  expect(ended).toMatchObject({ status: 0, stderr: '' })
  const events = jsonLines(ended.stdout)
  const one = (event: string, more: Record<string, unknown> = {}): Record<string, unknown> => {
    const fits = Object.entries({ event, ...more })
    const found = events.filter(told => fits.every(([name, value]) => told[name] === value))
    expect([event, more, found.length]).toEqual([event, more, 1])
    return found[0] ?? {}
  }
  const [killed, frozen] = [one('killed'), one('frozen')]
  for (const { job, owner, token: lostToken } of [killed, frozen]) {
    const { token, lostBy } = one('claimed', { job, lostToken })
    expect(lostBy).toBe(owner)
    expect(BigInt(`${token}`)).toBeGreaterThan(BigInt(`${lostToken}`))
    const steps = events.filter(told => told['event'] === 'step' && told['job'] === job)
    expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    const before = steps.filter(told => told['token'] === lostToken).length
    expect(one('resumed', { job })).toMatchObject({ token, finished: before, of: 8 })
  }
  const { owner, job, token } = frozen
  const { token: newest } = one('claimed', { job, lostToken: token })
  const refused = one('refused', { by: 'the storage' })
  expect(refused).toMatchObject({ what: 'step', owner, job, token, newest })
  expect(one('refused', { by: 'its own board object' })).toMatchObject({
    what: 'consume',
    owner,
    job,
    token,
    code: 'JOBBOARD_CLAIM_LOST',
  })
  expect(one('counted')).toMatchObject({
    posted: 26,
    completedOnce: 26,
    refusedWrites: 1,
    lateEndings: 1,
    problems: [],
  })
  expect(events.filter(({ event }) => event === 'consumed')).toHaveLength(26)
})

test('a demo whose worker ends by itself says which one, and fails', async () => {
  const running = new Running(['demo', '--json'], { env: { TMPDIR: await tempFolder() } })
  const { pid, owner } = (await running.event('ready')) as unknown as { pid: number; owner: string }
  process.kill(pid, 'SIGKILL')
  const ended = await running.ended
  expect(ended.status).toBe(1)
  expect(ended.stderr).toContain(`Worker ${owner} ended in the middle of the demo (SIGKILL)`)
})

test('the workers of a demo that was killed end by themselves, without a word', async () => {
  const running = new Running(['demo', '--json'], { env: { TMPDIR: await tempFolder() } })
  await running.event('ready', 4)
  running.child.kill('SIGKILL')
  expect((await running.ended).stderr).toBe('')
  await until('its workers to be gone', () => pidsOf(running).every(isGone))
})

test('an interrupted demo leaves neither processes nor files', async () => {
  const TMPDIR = await tempFolder()
  const running = new Running(['demo', '--json'], { env: { TMPDIR } })
  await running.event('frozen')
  running.child.kill('SIGINT')
  expect((await running.ended).status).toBe(130)
  expect(await readdir(TMPDIR)).toEqual([])
  expect(pidsOf(running)).toHaveLength(4)
  await until('its workers to be gone', () => pidsOf(running).every(isGone))
})

function pidsOf({ stdout }: Running): readonly number[] {
  return jsonLines(stdout).flatMap(({ event, pid }) => (event === 'ready' ? [Number(pid)] : []))
}

function isGone(pid: number): boolean {
  try {
    return !process.kill(pid, 0)
  } catch {
    return true
  }
}
