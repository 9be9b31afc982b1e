import assert from 'node:assert/strict'
import type { ConformanceCase } from '../case.js'
import { intercept } from '../intercept.js'
import type { Client, EventView, World } from '../world.js'
import { boardHere } from './bare.js'
import { arrival, begun, idsOf, leave, upTo } from './support.js'

type Change = Pick<EventView, 'event' | 'why'>

export const eventsTellWhy: ConformanceCase = {
  id: 'watching/events-tell-why',
  law: 'WATCH-1',
  title: 'each change of a job reaches every connected board, in order, with its reason',
  needs: [],
  async run(world) {
    const [actor, watcher] = [await world.client('actor'), await world.client('watcher')]
    const { id } = await actor.post('job')
    const told = teller(world, [actor, watcher], id)
    await told({ event: 'posted' })
    const first = await actor.claim(id)
    await told({ event: 'claimed' })
    await first.abandon()
    await told({ event: 'released', why: 'abandoned' })
    const second = await actor.claim(id)
    await told({ event: 'claimed' })
    await watcher.forceRelease(id, { token: `${second.token}`, reason: 'stuck' })
    await told({ event: 'released', why: 'forced' })
    const third = await actor.claim(id)
    await told({ event: 'claimed' })
    await third.trash({ reason: 'no use' })
    await told({ event: 'removed', why: 'trashed' })
    await watcher.restore(id)
    await told({ event: 'posted', why: 'restored' })
    const last = await watcher.claim(id)
    await told({ event: 'claimed' })
    await last.consume()
    await told({ event: 'removed', why: 'consumed' })
  },
}

export const eventsOfTheDead: ConformanceCase = {
  id: 'watching/events-of-lost-and-closed',
  law: 'WATCH-1',
  title: 'that a claim was lost with its owner, or given back at close, is told too',
  needs: [],
  async run(world) {
    const watcher = await world.client('watcher')
    const [closing, dead] = [await world.client('closing'), await world.client('dead')]
    const [given, lost] = [await watcher.post('given back'), await watcher.post('lost')]
    await closing.claim(given.id)
    await dead.claim(lost.id)
    await teller(world, [watcher], given.id)({ event: 'claimed' })
    await leave(closing)
    await teller(world, [watcher], given.id)({ event: 'released', why: 'closed' })
    await dead.kill()
    await teller(world, [watcher], lost.id)({ event: 'released', why: 'lost' }, world.takeoverMs * 3)
  },
}

export const latestChangeStays: ConformanceCase = {
  id: 'watching/latest-change-stays',
  law: 'WATCH-1',
  title: "after a busy time each job's last event tells where it stands, and none comes after its removal",
  needs: [],
  async run(world) {
    const workers = [await world.client('one'), await world.client('two')]
    const watcher = await world.client('watcher')
    const ids = idsOf(await Promise.all(upTo(20).map(i => watcher.post(`job ${i}`))))
    const last = new Map<string, EventView['event']>()
    await Promise.all(
      ids.map(async (id, i) => {
        const worker = workers[i % 2] ?? assert.fail()
        for (const _ of upTo(world.random.int(4))) await (await worker.claim(id)).abandon()
        const claim = await worker.claim(id)
        const end = world.random.pick(['claimed', 'released', 'removed'] as const)
        if (end === 'released') await claim.abandon()
        if (end === 'removed') await claim.consume()
        last.set(id, end)
      }),
    )

    for (const client of [watcher, ...workers]) {
      await world.eventually(`all that ${client.name} heard is up to date`, async () => {
        const events = await client.events()
        return ids.every(id => lastOf(events, id)?.event === last.get(id))
      })
    }
    const events = await watcher.events()
    for (const id of ids) {
      const ofJob = events.filter(event => event.jobId === id && isChange(event)).map(({ event }) => event)
      const end = ofJob.indexOf('removed')
      assert.ok(end < 0 || ofJob.slice(end).every(event => event === 'removed'), `${ofJob}`)
    }
  },
}

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

export const throwingListener: ConformanceCase = {
  id: 'watching/throwing-listener',
  law: 'WATCH-4',
  title: 'a listener that throws harms neither other listeners nor the board, and its error is reported',
  needs: [],
  async run(world) {
    const client = await world.client('client')
    await client.addThrowingListener()
    const { id } = await client.post('job')
    const claim = await client.claim(id)
    await claim.consume()
    await world.eventually('the other listener hears of the end', async () =>
      (await client.events()).some(({ event, jobId }) => event === 'removed' && jobId === id),
    )
    await world.eventually('the error is reported', async () =>
      (await client.events()).some(({ event }) => event === 'error'),
    )
    assert.equal((await client.claimNext())?.jobId, undefined)
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

/** Waits until all of the clients heard of a change, which is then the latest one that they know. */
function teller(world: World, clients: readonly Client[], jobId: string) {
  return async (change: Change, withinMs: number = world.ttlMs): Promise<void> => {
    for (const client of clients) {
      const last = await world.eventually(
        `${client.name} hears that the job was ${change.event}`,
        async () => {
          const event = lastOf(await client.events(), jobId)
          return event?.event === change.event && event
        },
        { withinMs },
      )
      // A record may not show the reason; it never shows a wrong one.
      if (change.why !== undefined && last.why !== 'unknown') assert.equal(last.why, change.why)
    }
  }
}

function lastOf(events: readonly EventView[], jobId: string): EventView | undefined {
  return events.filter(event => event.jobId === jobId && isChange(event)).at(-1)
}

function isChange({ event }: EventView): boolean {
  return event === 'posted' || event === 'claimed' || event === 'released' || event === 'removed'
}
