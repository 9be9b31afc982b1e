import assert from 'node:assert/strict'
import { Jobboard } from '@jobboard/core'
import { DriverError } from '@jobboard/core/driver'
import type { ConformanceCase } from '../case.js'
import { intercept } from '../intercept.js'
import { BareDriver } from './bare.js'
import { arrival, idsOf, leave, outcomeOf, refusal, upTo } from './support.js'

export const closeGivesBack: ConformanceCase = {
  id: 'lifecycle/close-gives-back',
  law: 'CLAIM-12',
  title: 'closing a board gives its claims back at once: takeovers, but neither losses nor failures',
  needs: [],
  async run(world) {
    const [closing, heir] = [await world.client('closing'), await world.client('heir')]
    const ids = [(await heir.post('one')).id, (await heir.post('two')).id]
    for (const id of ids) await closing.claim(id, 'alice')
    await leave(closing)
    for (const id of ids) {
      const claim = await heir.claim(id)
      assert.deepEqual([claim.previous?.owner, claim.previous?.cause], ['alice', 'closed'])
      const { attempts, failures, losses } = claim.job
      assert.deepEqual({ attempts, failures, losses }, { attempts: 2, failures: 0, losses: 0 })
    }
  },
}

export const closeAborts: ConformanceCase = {
  id: 'lifecycle/close-aborts',
  law: 'CLAIM-12',
  title: 'closing a board aborts the signals of its unsettled claims, and of no others',
  needs: [],
  async run(world) {
    const client = await world.client('client', { here: true })
    const claims = [
      await client.claim((await client.post('a')).id),
      await client.claim((await client.post('b')).id),
    ]
    await claims[0]?.consume()
    await leave(client)
    assert.deepEqual(await Promise.all(claims.map(async claim => (await claim.status()).aborted)), [
      false,
      true,
    ])
    assert.equal((await claims[1]?.status())?.reason, 'closed')
  },
}

export const closeIsFinal: ConformanceCase = {
  id: 'lifecycle/close-is-final',
  law: 'FAULT-5',
  title: 'after close every call is refused as closed, and closing again is no error',
  needs: [],
  async run(world) {
    const client = await world.client('client', { here: true })
    const { id } = await client.post('job')
    const claim = await client.claim(id)
    await client.close()
    await client.close()
    const calls = [
      () => client.post('job'),
      () => client.list(),
      () => client.find(id),
      () => client.count(),
      () => client.claim(id),
      () => client.claimNext(),
      () => client.waitForJob(),
      () => client.waitForEnd(id),
      () => client.forceRelease(id, { token: 'any', reason: 'stuck' }),
      () => client.trashed(),
      () => client.restore(id),
      () => client.purge(id),
      () => client.registerEntity({ kind: 'conductor', name: 'c', metadata: {} }),
      () => client.entities(),
    ]
    for (const call of calls) await refusal(call(), 'JOBBOARD_CLOSED')
    await refusal(claim.consume(), 'JOBBOARD_CLAIM_LOST', 'JOBBOARD_CLOSED')
    await refusal(client.consume(id), 'JOBBOARD_CLAIM_NOT_HELD', 'JOBBOARD_CLOSED')
  },
}

export const closeWakesWaiters: ConformanceCase = {
  id: 'lifecycle/close-ends-waits',
  law: 'FAULT-5',
  title: 'close ends every wait: a worker stops, and who waits is told that the board was closed',
  needs: [],
  async run(world) {
    const client = await world.client('client', { here: true })
    const { id } = await client.post('held')
    await client.claim(id)
    const waits = [outcomeOf(client.waitForJob()), outcomeOf(client.waitForEnd(id))]
    const run = await client.claims()
    const next = outcomeOf(run.next())
    await world.eventually('all have looked', async () => ((await client.calls())['read'] ?? 0) >= 2)
    await client.close()
    for (const { error } of await arrival(world, 'the waits end', Promise.all(waits))) {
      assert.equal(Reflect.get(error ?? {}, 'code'), 'JOBBOARD_CLOSED')
    }
    assert.equal((await arrival(world, 'the worker stops', next)).value, undefined)
  },
}

export const closeWhileHung: ConformanceCase = {
  id: 'lifecycle/close-while-hung',
  law: 'FAULT-5',
  title: 'close ends in time also while the backend hangs and calls are running',
  needs: [],
  async run(world) {
    const client = await world.client('client', { here: true, requestTimeoutMs: Math.ceil(world.ttlMs / 2) })
    const other = await world.client('other', { here: true })
    const { id } = await other.post('job')
    await client.claim(id)
    await client.fault({ member: 'any', kind: 'hang', times: 10_000 })
    const running = [client.post('another'), client.claimNext(), client.count()].map(call =>
      outcomeOf<unknown>(call),
    )
    await arrival(world, 'close ends', outcomeOf(client.close()), world.ttlMs)
    await arrival(world, 'the calls end', Promise.all(running), world.ttlMs)
    await world.eventually('what the backend could not be told runs out there', () => other.claim(id))
  },
}

export const driverCloses: ConformanceCase = {
  id: 'lifecycle/driver-closes',
  law: 'FAULT-5',
  title: 'a driver closes soon, also twice, while calls run, and after an open that is not over',
  needs: [],
  async run(world) {
    await using bare = await BareDriver.open(world)
    await using early = new BareDriver(world)
    const running = Promise.all(upTo(5).map(i => outcomeOf(bare.post(`job ${i}`))))
    const opening = outcomeOf(early.open())
    const closes = Promise.all([bare.driver.close(), bare.driver.close(), early.driver.close()])
    await arrival(world, 'all closes end', closes, world.ttlMs)
    await arrival(world, 'what was running ends', Promise.all([running, opening]), world.ttlMs)
    await arrival(world, 'another close ends', bare.driver.close(), world.ttlMs)
  },
}

export const openAgain: ConformanceCase = {
  id: 'lifecycle/open-again',
  law: 'FAULT-2',
  title: 'a driver that could not be opened can be opened later, and so can its board',
  needs: [],
  async run(world) {
    await using bare = new BareDriver(world)
    // Whoever needs an id or a log entry to open a board fails; who needs none is open already.
    const broken = (): never => {
      throw new Error('by order of a test')
    }
    const logger = { debug: broken, info: broken, warn: broken, error: broken }
    const failed = await outcomeOf(bare.open({ newId: broken, logger }))
    if (failed.error !== undefined) await bare.open()
    assert.equal(await bare.standing(await bare.post('job')), 'UNCLAIMED')

    let isDown = true
    const lateRiser = intercept(world.driver(), {
      open: async (proceed, sink, environment) => {
        if (isDown) throw new DriverError('unavailable', 'down, by order of a test', { done: 'no' })
        return proceed(sink, environment)
      },
    })
    const board = new Jobboard(lateRiser, { sessionTtlMs: world.ttlMs, clock: world.clock() })
    await refusal(board.connect(), 'JOBBOARD_UNAVAILABLE')
    isDown = false
    await board.connect()
    assert.deepEqual((await board.count()).unclaimed, 1)
    await outcomeOf(arrival(world, 'the board closes', board.close(), world.ttlMs))
  },
}

export const processEnds: ConformanceCase = {
  id: 'lifecycle/process-ends',
  law: 'FAULT-5',
  title: 'after close nothing of the board keeps its process alive',
  needs: ['multiProcess'],
  async run(world) {
    const client = await world.client('client')
    await client.claim((await client.post('job')).id)
    await client.registerEntity({ kind: 'conductor', name: 'c', metadata: {} })
    await client.close()
    await world.eventually('the process ends by itself', () => client.ended(), { withinMs: world.takeoverMs })
  },
}

export const restart: ConformanceCase = {
  id: 'lifecycle/restart',
  law: 'POST-1',
  title: 'when every process of the board has ended, new ones find all that was acknowledged',
  needs: ['durable'],
  async run(world) {
    const before = await world.client('before')
    const posted = await Promise.all(upTo(6).map(i => before.post(`job ${i}`, { details: { i } })))
    await (await before.claim(posted[0]?.id ?? '')).consume()
    await (await before.claim(posted[1]?.id ?? '')).trash({ reason: 'no use' })
    await (await before.claim(posted[2]?.id ?? '')).abandon({ failure: true })
    await leave(before)
    const killed = await world.client('killed')
    await killed.claim(posted[3]?.id ?? '')
    await killed.kill()

    const after = await world.client('after')
    assert.deepEqual(idsOf(await after.list({ ensureFresh: true })).sort(), idsOf(posted.slice(2)).sort())
    assert.deepEqual(idsOf(await after.trashed()), [posted[1]?.id])
    assert.equal((await after.find(posted[2]?.id ?? ''))?.failures, 1)
    assert.deepEqual((await after.find(posted[5]?.id ?? ''))?.details, { i: 5 })
    const owned = posted[3]?.id ?? ''
    await world.eventually('the claim of the dead runs out', () => after.claim(owned))
  },
}
