import assert from 'node:assert/strict'
import type { ConformanceCase } from '../case.js'
import { intercept } from '../intercept.js'
import type { Client, World } from '../world.js'
import { boardHere } from './bare.js'
import { arrival, begun, upTo } from './support.js'

export const gapWakesWaiters: ConformanceCase = {
  id: 'watching/gap-wakes-waiters',
  law: 'WATCH-2',
  title: 'a waiter whose board missed the posting in a gap finds the job when the gap is over',
  needs: [],
  async run(world) {
    const waiter = await world.client('waiter', patient(world))
    const poster = await world.client('poster')
    const found = begun(waiter.waitForJob())
    await world.eventually('the waiter looked', async () => ((await waiter.calls())['read'] ?? 0) > 0)
    await waiter.fault({ member: 'any', kind: 'down' })
    const { id } = await poster.post('missed')
    await waiter.liftFaults()
    assert.equal((await arrival(world, 'the waiter finds the job', found, world.ttlMs / 2))?.id, id)
    assert.ok((await waiter.events()).some(({ event }) => event === 'resynced'))
  },
}

export const gapWakesWorkers: ConformanceCase = {
  id: 'watching/gap-wakes-workers',
  law: 'WATCH-2',
  title: 'after a gap an idle worker claims what came in it, and who waits for an end learns of it',
  needs: [],
  async run(world) {
    const worker = await world.client('worker', patient(world))
    const other = await world.client('other')
    const waited = await worker.post('waited for', { priority: 'VERY_LOW' })
    const claim = await other.claim(waited.id)
    const end = begun(worker.waitForEnd(waited.id))
    const run = await worker.claims()
    const next = begun(run.next())
    const opened = async () => ((await worker.calls())['startSession'] ?? 0) > 0
    await world.eventually('the worker is about to look', opened)

    await worker.fault({ member: 'any', kind: 'down' })
    const { id } = await other.post('missed')
    await claim.consume()
    await worker.liftFaults()
    assert.equal((await arrival(world, 'the worker gets the job', next, world.ttlMs / 2))?.jobId, id)
    assert.equal(await arrival(world, 'the waiter learns of the end', end, world.ttlMs / 2), 'COMPLETE')
    await run.stop()
  },
}

export const pushedWakeUp: ConformanceCase = {
  id: 'watching/pushed-wake-up',
  law: 'WATCH-3',
  title: 'where the backend can push, a waiter sleeps without asking and wakes when a job is posted',
  needs: ['push'],
  async run(world) {
    const waiter = await world.client('waiter', patient(world))
    const poster = await world.client('poster')
    const found = begun(waiter.waitForJob())
    const looks = async () => (await waiter.calls())['read'] ?? 0
    await world.eventually('the waiter looked', async () => (await looks()) > 0)
    const before = await looks()
    await world.never('it looks again', async () => (await looks()) > before, { duringMs: world.ttlMs / 2 })
    const { id } = await poster.post('job')
    assert.equal((await arrival(world, 'it wakes', found, world.ttlMs / 2))?.id, id)
  },
}

export const wakesInTime: ConformanceCase = {
  id: 'watching/wakes',
  law: 'WATCH-3',
  title: 'a waiter finds a job that is posted, abandoned or due, of the names that it asked for',
  needs: [],
  async run(world) {
    const waiter = await world.client('waiter', { refreshMs: world.ttlMs * 20 })
    const poster = await world.client('poster')
    const claim = await poster.claim((await poster.post('abandoned')).id)
    const waits = ['posted', 'abandoned', 'due'].map(name => begun(waiter.waitForJob({ names: [name] })))
    await poster.post('due', { delayMs: world.ttlMs / 2 })
    await poster.post('posted')
    await claim.abandon()
    for (const [i, name] of ['posted', 'abandoned', 'due'].entries()) {
      const found = waits[i] ?? assert.fail()
      assert.equal((await arrival(world, `the ${name} job is found`, found))?.name, name)
    }
  },
}

export const refreshIsTheNet: ConformanceCase = {
  id: 'watching/refresh-is-the-net',
  law: 'WATCH-3',
  title: 'a waiter that no push reaches finds the job at the next refresh, and gives up at its timeout',
  needs: [],
  async run(world) {
    const poster = await world.client('poster')
    const deaf = intercept(world.driver(), {
      open: (proceed, sink, environment) =>
        proceed({ ...sink, changed: () => {}, gap: () => {} }, environment),
    })
    await using here = await boardHere(world, { refreshMs: Math.ceil(world.ttlMs / 4) }, deaf)
    const found = begun(here.board.waitForJob())
    const none = begun(here.board.waitForJob({ names: 'none', timeoutMs: world.ttlMs / 5 }))
    assert.equal(await arrival(world, 'the timeout comes', none, world.ttlMs), undefined)
    const { id } = await poster.post('job')
    assert.equal((await arrival(world, 'the job is found', found, world.ttlMs))?.id, id)
  },
}

export const oneAttemptEach: ConformanceCase = {
  id: 'watching/one-attempt-each',
  law: 'WATCH-5',
  title: 'eight idle waiters and one new job: one gets it, with at most one attempt of each',
  needs: [],
  async run(world) {
    const workers = await Promise.all(upTo(4).map(i => world.client(`worker-${i}`, patient(world))))
    const poster = await world.client('poster')
    const runs = await Promise.all(workers.flatMap(worker => [worker.claims(), worker.claims()]))
    const got: string[] = []
    const nexts = runs.map(run => begun(run.next().then(claim => got.push(claim?.jobId ?? 'nothing'))))
    await world.eventually('all are idle', async () => {
      const looks = await Promise.all(workers.map(looksOf))
      await world.elapse(world.ttlMs / 20)
      const later = await Promise.all(workers.map(looksOf))
      return looks.every((count, i) => count > 0 && count === later[i])
    })
    const before = await Promise.all(workers.map(attempts))

    const { id } = await poster.post('job')
    await world.eventually('one gets it', async () => got.length > 0)
    await world.never(
      'a worker asks more than once for each of its waiters',
      async () => (await Promise.all(workers.map(attempts))).some((count, i) => count - (before[i] ?? 0) > 2),
      { duringMs: world.ttlMs / 5 },
    )
    assert.ok(got.includes(id))
    for (const run of runs) await run.stop()
    await Promise.all(nexts)
  },
}

/** For clients that only a push or a gap shall wake. */
function patient(world: World) {
  return { refreshMs: world.ttlMs * 100 }
}

/** How often a client looked for work, in whatever way its driver has for it. */
async function looksOf(client: Client): Promise<number> {
  return (await attempts(client)) + ((await client.calls())['read'] ?? 0)
}

/** How often a client asked for a claim. */
async function attempts(client: Client): Promise<number> {
  const calls = await client.calls()
  return (calls['claim'] ?? 0) + (calls['claimNext'] ?? 0)
}
