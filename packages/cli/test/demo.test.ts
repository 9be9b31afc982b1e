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

test('demo --json: a kill, a takeover with a greater token, a freeze, and a refused consume', {
  timeout: 60_000,
}, async () => {
  const ended = await jobboard(['demo', '--json'])
  expect(ended).toMatchObject({ status: 0, stderr: '' })
  const events = jsonLines(ended.stdout)
  const one = (event: string): Record<string, unknown> => {
    const found = events.filter(told => told['event'] === event)
    expect([event, found.length]).toEqual([event, 1])
    return found[0] ?? {}
  }
  const [killed, frozen] = [one('killed'), one('frozen')]
  for (const lost of [killed, frozen]) {
    const { job, owner, token } = lost
    const takeover = events.find(told => told['event'] === 'claimed' && told['lostToken'] === token)
    expect(takeover).toMatchObject({ job, lostBy: owner })
    expect(BigInt(`${takeover?.['token']}`)).toBeGreaterThan(BigInt(`${lost['token']}`))
  }
  const { owner, job, token } = frozen
  const refused = events.find(told => told['event'] === 'refused' && told['token'] === token)
  expect(refused).toMatchObject({ owner, job, token, code: 'JOBBOARD_CLAIM_LOST' })
  expect(one('counted')).toMatchObject({ posted: 26, completedOnce: 26, problems: [] })
  expect(events.filter(({ event }) => event === 'consumed')).toHaveLength(26)
})

test('an interrupted demo leaves neither processes nor files', async () => {
  const TMPDIR = await tempFolder()
  const running = new Running(['demo', '--json'], { env: { TMPDIR } })
  await running.event('frozen')
  running.child.kill('SIGINT')
  expect((await running.ended).status).toBe(130)
  expect(await readdir(TMPDIR)).toEqual([])
  const pids = jsonLines(running.stdout).flatMap(({ event, pid }) => (event === 'ready' ? [Number(pid)] : []))
  expect(pids).toHaveLength(4)
  await until('its workers to be gone', () => pids.every(isGone))
})

function isGone(pid: number): boolean {
  try {
    return !process.kill(pid, 0)
  } catch {
    return true
  }
}
