import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import {
  type Client,
  type ConformanceCase,
  type Harness,
  type Report,
  runSuite,
  Suite,
  type World,
} from '@jobboard/conformance-tests'
import { afterEach, expect, test, vi } from 'vitest'
import { processState } from '../src/client-process.js'
import { harness } from './fixtures/lone-harness.js'

/** Runs one case with clients in processes of their own, and throws what it throws. */
async function inWorld(run: (world: World) => Promise<void>): Promise<void> {
  const one: ConformanceCase = {
    id: 'lifecycle/one',
    law: 'FAULT-5',
    title: 'one',
    needs: ['multiProcess'],
    run,
  }
  const { cases } = await runSuite(harness, { cases: [one] })
  expect(cases[0]?.error).toBeUndefined()
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const toKill: (() => void)[] = []
afterEach(() => {
  for (const kill of toKill.splice(0)) kill()
})

test('each client is a process of its own', () =>
  inWorld(async world => {
    const pids = [(await world.client('a')).pid, (await world.client('b')).pid, process.pid]
    expect(new Set(pids).size).toBe(3)
    expect(pids.every(isAlive)).toBe(true)
  }))

test('frozen means stopped by the system, and thawed that it goes on', () =>
  inWorld(async world => {
    const client = await world.client('client')
    await client.freeze()
    expect(await processState(client.pid)).toBe('T')
    let answered = false
    const counting = client.count().finally(() => {
      answered = true
    })
    await world.never('the stopped process answers', async () => answered, { duringMs: 300 })
    await client.thaw()
    expect(await counting).toMatchObject({ unclaimed: 0 })
    expect(await processState(client.pid)).not.toBe('T')
  }))

test('killed means gone, and nothing is heard of it', () =>
  inWorld(async world => {
    const client = await world.client('client')
    const waiting = client.waitForJob()
    await client.kill()
    expect(isAlive(client.pid)).toBe(false)
    const silence = new Promise(resolve => setTimeout(resolve, 50, 'silence'))
    expect(await Promise.race([waiting, silence])).toBe('silence')
    await expect(client.count()).rejects.toThrow(/was killed/)
  }))

test('errors come from another process with their code, fields and cause', () =>
  inWorld(async world => {
    const client = await world.client('client')
    const jobId = world.random.uuid()
    await expect(client.claim(jobId)).rejects.toMatchObject({
      name: 'JobNotFoundError',
      code: 'JOBBOARD_JOB_NOT_FOUND',
      retryable: false,
      jobId,
      message: expect.stringContaining(jobId),
    })
    await client.fault({ member: 'read', kind: 'lostReply', times: 1_000 })
    await expect(client.count()).rejects.toMatchObject({ cause: { kind: 'unavailable', done: 'maybe' } })
  }))

test('a client that closed and left nothing behind ends by itself', () =>
  inWorld(async world => {
    const client = await world.client('client')
    await client.close()
    await world.eventually('its process ends', () => client.ended())
    expect(isAlive(client.pid)).toBe(false)
  }))

test('a client may stay in this process', () =>
  inWorld(async world => {
    expect((await world.client('here', { here: true })).pid).toBe(process.pid)
  }))

test('processes serve one case after the other, and none survives the run', async () => {
  const pids: number[] = []
  const note = async (world: World): Promise<void> => void pids.push((await world.client('client')).pid)
  const cases = ['one', 'two', 'three'].map(
    (name): ConformanceCase => ({
      id: `lifecycle/${name}`,
      law: 'FAULT-5',
      title: name,
      needs: [],
      run: note,
    }),
  )
  await runSuite(harness, { cases, concurrency: 1 })
  expect(new Set(pids).size).toBe(1)
  expect(pids.some(isAlive)).toBe(false)
})

test('a process that cannot open its board says why', async () => {
  const lost = { ...harness, createSpace: async () => ({ ...(await harness.createSpace()), config: {} }) }
  const opens: ConformanceCase = {
    id: 'lifecycle/opens',
    law: 'FAULT-5',
    title: 'opens',
    needs: [],
    run: async world => void (await world.client('client')),
  }
  const { cases } = await runSuite(lost, { cases: [opens] })
  expect(cases[0]?.error).toContain('the configuration of the space did not arrive')
})

/** Stops processes behind the suite's back, as a busy machine does. */
async function disturb(pids: readonly number[], ms: number): Promise<void> {
  for (const pid of pids) process.kill(pid, 'SIGSTOP')
  await new Promise(resolve => setTimeout(resolve, ms))
  for (const pid of pids) process.kill(pid, 'SIGCONT')
}

/** A case that fails once when something stood still, and then passes. */
function disturbedCase(stops: (world: World, client: Client) => Promise<void>): ConformanceCase {
  let attempts = 0
  return {
    id: 'lifecycle/disturbed',
    law: 'FAULT-5',
    title: 'disturbed',
    needs: [],
    async run(world) {
      const client = await world.client('client')
      attempts += 1
      if (attempts > 1) return
      await stops(world, client)
      await client.count()
      throw new Error('as if a claim had been lost')
    },
  }
}

test('a case that failed while the whole machine stood still is run again, and the report says so', async () => {
  const suite = new Suite(harness)
  const stopsAll = disturbedCase(async (world, { pid }) => {
    await vi.waitFor(() => expect(suite.witnessPid).toBeDefined())
    // Time for the witness to begin.
    await world.elapse(500)
    await disturb([pid, suite.witnessPid ?? 0], world.ttlMs / 2)
  })
  try {
    expect(await suite.run(stopsAll)).toMatchObject({ status: 'passed', disturbed: 1 })
    expect(suite.disturbances).toMatch(/^Disturbed: .*: lifecycle\/disturbed\.$/)
  } finally {
    await suite.close()
  }
})

test('a client that stands still alone excuses nothing: its driver may be what keeps it', async () => {
  const suite = new Suite(harness)
  const stopsOne = disturbedCase((world, { pid }) => disturb([pid], world.ttlMs / 2))
  try {
    expect(await suite.run(stopsOne)).toMatchObject({ status: 'failed' })
    expect(suite.disturbances).toBeUndefined()
  } finally {
    await suite.close()
  }
})

test('no witness survives the run', async () => {
  const suite = new Suite(harness)
  await suite.run(disturbedCase(async () => {}))
  const pid = suite.witnessPid ?? 0
  expect(isAlive(pid)).toBe(true)
  await suite.close()
  expect(isAlive(pid)).toBe(false)
})

test('a case that fails although every process ran, or was stopped by its order, is not run again', async () => {
  let attempts = 0
  const failing: ConformanceCase = {
    id: 'lifecycle/failing',
    law: 'FAULT-5',
    title: 'failing',
    needs: [],
    async run(world) {
      attempts += 1
      const client = await world.client('client')
      await client.freeze()
      await world.elapse(world.ttlMs / 7)
      await client.thaw()
      await client.count()
      throw new Error('a defect')
    },
  }
  // So long that this machine itself does not stand still for the eighth part of it.
  const { cases } = await runSuite({ ...harness, sessionTtlMs: 20_000 }, { cases: [failing] })
  expect(cases).toMatchObject([{ status: 'failed' }])
  expect(attempts).toBe(1)
})

/** A case whose client's process dies of what its driver left behind. */
function crashingRun(crash: string, run: (world: World, client: Client) => Promise<void>): Promise<Report> {
  const one: ConformanceCase = {
    id: 'listing/crashing',
    law: 'LIST-1',
    title: 'crashing',
    needs: [],
    run: async world => run(world, await world.client('client')),
  }
  const crashing: Harness = {
    ...harness,
    clientModule: new URL('./fixtures/crashing-client.js', import.meta.url),
    createSpace: async () => ({ ...(await harness.createSpace()), config: { crash } }),
  }
  return runSuite(crashing, { cases: [one] })
}

test('a process that dies in a case fails it by FAULT-5, whatever the case makes of it', async () => {
  const { cases } = await crashingRun('while it counts', async (world, client) => {
    await client.count()
    await world.elapse(200)
    await client.count().catch(() => {})
  })
  expect(cases).toMatchObject([{ status: 'failed', blames: ['FAULT-5'] }])
  expect(cases[0]?.error).toContain('left behind by the driver')
})

test('a process that dies of what a closed board left behind fails the case that used it last', async () => {
  const { cases } = await crashingRun('when it closes', async () => {})
  expect(cases).toMatchObject([{ status: 'failed', blames: ['FAULT-5'] }])
  expect(cases[0]?.error).toContain('left behind by the driver')
})

test('a client whose process is dead cannot be frozen, and does not count as one that stood still', async () => {
  const { cases } = await crashingRun('never', async (_, client) => {
    process.kill(client.pid, 'SIGKILL')
    await vi.waitFor(() => expect(isAlive(client.pid)).toBe(false))
    await expect(client.freeze()).rejects.toThrow(/is dead|did not stop/)
  })
  expect(cases).toMatchObject([{ status: 'failed', blames: ['FAULT-5'] }])
  expect(cases[0]?.error).toMatch(/^CrashError: the client's process ended \(SIGKILL\)/)
  expect(cases[0]?.error).not.toContain('caused by')
})

test('no child survives a run that is killed, not even one that is stopped', async () => {
  const script = fileURLToPath(new URL('./fixtures/owner-of-children.js', import.meta.url))
  const owner = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] })
  toKill.push(() => owner.kill('SIGKILL'))
  const [line] = (await once(createInterface(owner.stdout), 'line')) as [string]
  const pids = JSON.parse(line) as [number, number]
  toKill.push(() => pids.filter(isAlive).map(pid => process.kill(pid, 'SIGKILL')))
  expect(pids.every(isAlive)).toBe(true)
  expect(await processState(pids[1])).toBe('T')

  owner.kill('SIGKILL')
  await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), { timeout: 5_000 })
})
