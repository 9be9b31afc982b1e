import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { Jobboard } from '@jobboard/core'
import { describe, it, onTestFinished } from 'vitest'
import { redisLock } from '../../src/index.js'
import { claimSome, eventually, openBoard, ownServer, plainClient, posting } from './open-board.js'

const appendonly = { appendonly: 'yes', appendfsync: 'always' }

async function connected(url: string, sessionTtlMs = 15_000): Promise<Jobboard> {
  const board = new Jobboard(redisLock({ url, board: 'servers' }), { sessionTtlMs, requestTimeoutMs: 1_000 })
  board.on('error', () => {})
  onTestFinished(() => board.close().catch(() => {}))
  return board.connect()
}

describe('a server that is killed and started again, with an append-only file', () => {
  it('has everything that was acknowledged; claims whose time was not over are held still', async () => {
    const server = await ownServer(appendonly)
    const board = await connected(server.url)
    const ids = await Promise.all(Array.from({ length: 50 }, async () => (await board.post('job')).id))
    const claim = await board.claim(ids[0] ?? '')
    const consumed = await board.claim(ids[1] ?? '')
    await consumed.consume()

    await server.kill()
    await assert.rejects(board.post('down'), { code: 'JOBBOARD_UNAVAILABLE' })
    await server.start()

    await eventually('the board works again by itself', () =>
      board.count().then(
        () => true,
        () => false,
      ),
    )
    assert.deepEqual(await board.count(), { unclaimed: 48, delayed: 0, claimed: 1, trashed: 0 })
    claim.assertHeld()
    await assert.rejects(board.claim(ids[0] ?? ''), { code: 'JOBBOARD_ALREADY_CLAIMED' })
    await claim.consume()
    const next = await board.claimNext()
    assert.ok(next !== undefined && next.fencingToken > claim.fencingToken)
  })

  it('wakes those who waited', async () => {
    const server = await ownServer(appendonly)
    const [waiter, poster] = [await connected(server.url), await connected(server.url)]
    const found = waiter.waitForJob()
    await server.restart()
    await eventually('the poster is back', () =>
      poster.count().then(
        () => true,
        () => false,
      ),
    )
    const { id } = await poster.post('job')
    assert.equal((await found)?.id, id)
  })
})

it('a server that lost everything has another scope, and no session of before', async () => {
  const server = await ownServer()
  const { driver, scope } = await openBoard({ url: server.url, board: 'wiped' })
  const job = posting()
  await driver.post([job])
  const { session, grants } = await claimSome(driver, 1)
  await server.restart()
  await eventually('it is back', () =>
    driver.read({ kind: 'counts' }).then(
      () => true,
      () => false,
    ),
  )
  assert.deepEqual(await driver.renew({ session, held: [grants[0]?.claimId ?? ''] }), { kind: 'over' })
  const look = await driver.read({ kind: 'jobs', ids: [job.id] })
  assert.notEqual(look.scope, scope)
  assert.deepEqual(look.found, ['absent'])
  await driver.post([job])
  const again = await claimSome(driver, 1)
  assert.ok((again.grants[0]?.token ?? 0n) > (grants[0]?.token ?? 0n))
})

describe('a server that stands still for longer than a session lives', () => {
  it('lets no call hang; the owner is told in time, and the stale claim can do nothing afterwards', async () => {
    const server = await ownServer()
    const [owner, heir] = [await connected(server.url, 1_000), await connected(server.url, 1_000)]
    const { id } = await owner.post('job')
    const stale = await owner.claim(id)

    const pausedAt = performance.now()
    await server.pause()
    await assert.rejects(heir.count(), { code: 'JOBBOARD_UNAVAILABLE' })
    await assert.rejects(owner.post('hung'), error =>
      /UNAVAILABLE|OUTCOME_UNKNOWN/.test((error as { code: string }).code),
    )
    await eventually('the owner is told', () => stale.signal.aborted)
    assert.ok(performance.now() - pausedAt < 3_500, 'all within their time limits')
    await server.resume()

    await eventually('the job is free', () =>
      heir.claim(id).then(
        () => true,
        () => false,
      ),
    )
    await assert.rejects(stale.consume(), { code: 'JOBBOARD_CLAIM_LOST' })
    const job = await heir.find(id)
    assert.equal(job?.state, 'CLAIMED')
    assert.equal(job?.losses, 1)
  })

  it('that executes late what it was asked: a claim that nobody waits for any more is given back', async () => {
    const server = await ownServer()
    const { driver } = await openBoard({ url: server.url, board: 'late' }, { callTimeoutMs: 300 })
    const job = posting()
    await driver.post([job])
    const { session } = await driver.startSession({ id: randomUUID(), ttlMs: 60_000 })
    await server.pause()
    const wish = { claimId: randomUUID(), owner: 'me' }
    await assert.rejects(async () => driver.claimNext?.(session, [wish]), {
      kind: 'unavailable',
      done: 'maybe',
    })
    await server.resume()
    await eventually('the claim turns up as one that the session does not know', async () => {
      const answer = await driver.renew({ session, held: [] }).catch(() => undefined)
      return answer?.kind === 'alive' && answer.unnamed[0]?.claimId === wish.claimId
    })
  })
})

it('a server without memory refuses, and nothing is done', async () => {
  const server = await ownServer({ 'maxmemory-policy': 'noeviction' })
  const { driver } = await openBoard({ url: server.url, board: 'full' })
  await driver.post([posting()])
  const redis = plainClient(server.url)
  await redis.config('SET', 'maxmemory', '1')
  await assert.rejects(driver.post([posting()]), { kind: 'limit', done: 'no' })
  await redis.config('SET', 'maxmemory', '0')
  assert.equal((await driver.read({ kind: 'counts' })).unclaimed, 1)
})
