import assert from 'node:assert/strict'
import type { ConformanceCase } from '../case.js'
import { eventRecorder } from '../event-recorder.js'
import type { Client, EventView, World } from '../world.js'
import { boardHere } from './bare.js'
import { idsOf, leave, upTo } from './support.js'

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
    // Drawn before anything is under way, so that a seed replays it.
    const plans = upTo(20).map(() => ({
      returns: world.random.int(4),
      end: world.random.pick(['claimed', 'released', 'removed'] as const),
    }))
    const workers = [await world.client('one'), await world.client('two')]
    const watcher = await world.client('watcher')
    const ids = idsOf(await Promise.all(upTo(20).map(i => watcher.post(`job ${i}`))))
    const last = new Map<string, EventView['event']>()
    await Promise.all(
      ids.map(async (id, i) => {
        const worker = workers[i % 2] ?? assert.fail()
        const { returns, end } = plans[i] ?? assert.fail()
        for (const _ of upTo(returns)) await (await worker.claim(id)).abandon()
        const claim = await worker.claim(id)
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

export const throwingListenerFirst: ConformanceCase = {
  id: 'watching/throwing-listener-first',
  law: 'WATCH-4',
  title: 'listeners that were added after one that throws hear of everything',
  needs: [],
  async run(world) {
    await using here = await boardHere(world)
    for (const event of ['posted', 'released', 'removed'] as const) {
      here.board.on(event, () => {
        throw new Error('a listener that throws, by order of a test')
      })
    }
    const events = eventRecorder(here.board)
    const heard = (event: EventView['event']) =>
      world.eventually(
        `it hears that the job was ${event}`,
        async () => events.some(one => one.event === event),
        {
          withinMs: world.ttlMs,
        },
      )
    const job = await here.board.post('job')
    await heard('posted')
    await (await here.board.claim(job)).abandon()
    await heard('released')
    await (await here.board.claim(job)).consume()
    await heard('removed')
    await heard('error')
  },
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
