import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { ClaimGrant, Ending } from '@jobboard/core/driver'
import { decode, encode } from '@msgpack/msgpack'
import type { Redis } from 'ioredis'
import { describe, it } from 'vitest'
import {
  claimSome,
  eventually,
  type OpenBoard,
  openBoard,
  ownServer,
  plainClient,
  posting,
} from './open-board.js'

/** A posting that TaskFlow 5 wrote, byte by byte, but for its uuid. */
function pythonPosting(uuid: string): Buffer {
  const head = `86a475756964d924${Buffer.from(uuid).toString('hex')}a46e616d65a5706c61696e`
  const middle = `a87072696f72697479a64e4f524d414caa637265617465645f6f6ec73c0187a364617918a56d6f6e74680ba479656172cd07ea`
  const tail = `a4686f757202a66d696e757465232ea67365636f6e642eab6d6963726f7365636f6e64ce0003bf15a764657461696c7380a873657175656e636501`
  return Buffer.from(`${head}${middle}${tail.replace('6d696e757465232e', '6d696e75746523')}`, 'hex')
}

interface Shared extends OpenBoard {
  readonly redis: Redis
  /** What TaskFlow does. */
  readonly python: {
    post(uuid?: string, bytes?: Buffer): Promise<string>
    claim(id: string, owner: string, expiryMs?: number): Promise<boolean>
    abandon(id: string): Promise<void>
    consume(id: string): Promise<void>
    trash(id: string): Promise<void>
  }
}

async function sharedBoard(options: { readonly foreignPollMs?: number } = {}): Promise<Shared> {
  const server = await ownServer()
  const redis = plainClient(server.url)
  const board = await openBoard({ url: server.url, ...options })
  const owned = (id: string): string => `taskflow:${id}.owned`
  const leave = async (id: string): Promise<void> =>
    void (await redis.multi().hdel('taskflow:listings', id).del(owned(id)).exec())
  return {
    ...board,
    redis,
    python: {
      async post(uuid = randomUUID(), bytes = pythonPosting(uuid)) {
        await redis.incr('taskflow:sequence')
        await redis.hsetnx('taskflow:listings', uuid, bytes)
        return uuid
      },
      async claim(id, owner, expiryMs) {
        if ((await redis.exists(owned(id))) === 1) return false
        await (expiryMs === undefined
          ? redis.set(owned(id), owner)
          : redis.set(owned(id), owner, 'PX', expiryMs))
        return true
      },
      abandon: async id => void (await redis.del(owned(id))),
      consume: leave,
      async trash(id) {
        await redis.hset('taskflow:trash', id, (await redis.hgetBuffer('taskflow:listings', id)) ?? '')
        await leave(id)
      },
    },
  }
}

async function tryToEnd(
  { driver }: OpenBoard,
  session: { readonly id: string },
  grant: ClaimGrant,
): Promise<string[]> {
  const claim = { jobId: grant.job.id, claimId: grant.claimId, token: grant.token }
  const endings: readonly Ending[] = [
    { ...claim, how: 'consume' },
    { ...claim, how: 'abandon', delayMs: 0, failed: false },
    { ...claim, how: 'trash', reason: 'late' },
  ]
  return (await driver.settle(session, endings)).endings.map(({ kind }) => kind)
}

describe('what we write', () => {
  it('is a posting as TaskFlow writes it, with the server’s time and a sequence', async () => {
    const { driver, redis } = await sharedBoard()
    const book = { uuid: randomUUID(), name: 'my-book' }
    const job = posting({ name: 'héllo', priority: 'HIGH', details: '{"a":1,"u":[null,2.5,"é"]}', book })
    const before = Date.now()
    const [answer] = await driver.post([job])
    const bytes = (await redis.hgetBuffer('taskflow:listings', job.id)) ?? assert.fail()
    const map = decode(bytes) as Record<string, unknown>
    const order = ['uuid', 'name', 'priority', 'created_on', 'details', 'book', 'sequence']
    assert.deepEqual(Object.keys(map), order)
    assert.deepEqual(map['details'], { a: 1, u: [null, 2.5, 'é'] })
    assert.deepEqual(map['book'], { name: 'my-book', uuid: book.uuid })
    assert.equal(map['sequence'], 1)
    const { type, data } = map['created_on'] as { type: number; data: Uint8Array }
    const time = decode(data) as Readonly<Record<string, number>>
    assert.equal(type, 1)
    const fields = ['day', 'month', 'year', 'hour', 'minute', 'second', 'microsecond']
    assert.deepEqual(Object.keys(time), fields)
    const { year = 0, month = 0, day, hour, minute, second, microsecond = 0 } = time
    const at = Date.UTC(year, month - 1, day, hour, minute, second, Math.floor(microsecond / 1000))
    assert.ok(at >= before - 1_000 && at <= Date.now() + 1_000)
    assert.equal(answer?.kind === 'posted' && answer.job.createdOn, at)
    assert.equal(await redis.get('taskflow:sequence'), '1')
  })

  it('goes along as it is into the trash and back', async () => {
    const { driver, redis } = await sharedBoard()
    const job = posting({ details: '{ "b":1.0, "__proto__":{"x":1} }' })
    await driver.post([job])
    const bytes = await redis.hgetBuffer('taskflow:listings', job.id)
    const { session, grants } = await claimSome(driver, 1)
    const { claimId, token } = grants[0] ?? assert.fail()
    assert.equal(grants[0]?.job.details, job.details)
    await driver.settle(session, [{ jobId: job.id, claimId, token, how: 'trash', reason: 'no use' }])
    assert.deepEqual(await redis.hgetBuffer('taskflow:trash', job.id), bytes)
    const [trashed] = (await driver.read({ kind: 'trash', limit: 10 })).jobs
    await driver.administer({ kind: 'restore', jobId: job.id, order: trashed?.order ?? 0n })
    assert.deepEqual(await redis.hgetBuffer('taskflow:listings', job.id), bytes)
  })

  it('leaves no key behind but what is remembered, and that not for ever', async () => {
    const { driver, redis } = await sharedBoard()
    await driver.post([posting(), posting({ delayMs: 1 })])
    const { session, grants } = await claimSome(driver, 1)
    const { claimId, token, job } = grants[0] ?? assert.fail()
    await driver.settle(session, [{ jobId: job.id, claimId, token, how: 'consume' }])
    const ofJob = (await redis.keys(`*${job.id}*`)).concat(await redis.keys(`*${claimId}*`))
    for (const key of ofJob) assert.ok((await redis.pttl(key)) > 0, key)
  })
})

describe('what TaskFlow wrote', () => {
  it('is listed, ordered among ours, claimed by id and as the next one', async () => {
    const { driver, python } = await sharedBoard()
    const first = await python.post()
    const ours = posting()
    await driver.post([ours])
    const { jobs } = await driver.read({ kind: 'list', states: 'all', limit: 10, fresh: true })
    assert.deepEqual(
      jobs.map(({ id }) => id),
      [first, ours.id],
    )
    assert.deepEqual(
      [jobs[0]?.name, jobs[0]?.details, jobs[0]?.createdOn],
      ['plain', '{}', Date.UTC(2026, 10, 24, 2, 35, 46, 245)],
    )
    const { grants } = await claimSome(driver, 1)
    assert.equal(grants[0]?.job.id, first)
    const second = await python.post()
    const { session } = await driver.startSession({ id: randomUUID(), ttlMs: 60_000 })
    const [claimed] = await driver.claim(session, [{ jobId: second, claimId: randomUUID(), owner: 'me' }])
    assert.equal(claimed?.kind, 'claimed')
  })

  it('is read whatever is in it, and the board goes on past what is none', async () => {
    const { driver, python, told } = await sharedBoard()
    const id = randomUUID()
    const time = encode({ day: 24, month: 11, year: 2026, hour: 2, minute: 35, second: 46, microsecond: 5 })
    const ext = (type: number, data: Uint8Array): Buffer =>
      Buffer.concat([Uint8Array.of(0xc7, data.length, type), data])
    const map = (...members: readonly (string | Uint8Array)[]): Buffer =>
      Buffer.concat([
        Uint8Array.of(0x80 + members.length / 2),
        ...members.map(part => (typeof part === 'string' ? encode(part) : part)),
      ])
    const details = map(
      ...['big', Uint8Array.of(0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)],
      ...['nan', Uint8Array.of(0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0), 'bin', Uint8Array.of(0xc4, 2, 1, 2)],
      ...['when', ext(1, time), 'set', ext(4, encode(['x'])), 'odd', ext(99, Uint8Array.of(7))],
      ...[Uint8Array.of(7), encode('a number as key'), '__proto__', encode('data')],
    )
    const created = ext(1, time)
    await python.post(
      id,
      map(
        'uuid',
        id,
        'name',
        'odd',
        'priority',
        'high',
        'created_on',
        created,
        'details',
        details,
        'sequence',
        encode(1),
      ),
    )
    const poison = [
      await python.post(randomUUID(), Buffer.from('no msgpack')),
      await python.post(undefined, Buffer.from(encode({ uuid: 'x', name: 'n', priority: 'URGENT' }))),
    ]
    const page = await driver.read({ kind: 'list', states: 'unclaimed', limit: 10, fresh: true })
    assert.equal(
      page.jobs[0]?.details,
      '{"7":"a number as key","big":18446744073709551615,"nan":null,"bin":"AQI=","when":"2026-11-24T02:35:46.000005","set":["x"],"odd":"Bw==","__proto__":"data"}',
    )
    assert.equal(page.jobs[0]?.priority, 'HIGH')
    assert.equal(page.malformed.length, 2)
    assert.equal(told.malformed.length, 2)
    assert.equal((await claimSome(driver, 5)).grants.length, 1)
    assert.deepEqual((await driver.read({ kind: 'jobs', ids: poison })).found, ['malformed', 'malformed'])
    assert.equal((await driver.read({ kind: 'counts' })).claimed, 1, 'what is no job is not counted')
  })

  it('is found when it was repaired', async () => {
    const { driver, redis, python } = await sharedBoard()
    const id = await python.post(randomUUID(), Buffer.from('no msgpack'))
    const look = async (): Promise<number> =>
      (await driver.read({ kind: 'list', states: 'all', limit: 10, fresh: true })).jobs.length
    assert.equal(await look(), 0)
    await redis.hset('taskflow:listings', id, pythonPosting(id))
    assert.equal(await look(), 1)
    assert.equal((await claimSome(driver, 1)).grants[0]?.job.id, id)
  })

  it('wakes those who wait, where we look for it', async () => {
    const { told, python } = await sharedBoard({ foreignPollMs: 50 })
    const id = await python.post()
    await eventually('the post is told', () =>
      told.changes.some(({ jobId, change }) => jobId === id && change === 'posted'),
    )
    await python.claim(id, 'snake')
    await python.consume(id)
    await eventually('the end is told', () =>
      told.changes.some(({ jobId, change }) => jobId === id && change === 'removed'),
    )
  })

  it('under an id that we post again is the same job, or a conflict', async () => {
    const { driver, python } = await sharedBoard()
    const id = await python.post()
    const [same] = await driver.post([posting({ id, name: 'plain' })])
    const [conflict] = await driver.post([posting({ id, name: 'other' })])
    assert.deepEqual([same?.kind, conflict?.kind], ['same', 'conflict'])
  })
})

describe('a claim of TaskFlow', () => {
  it('without an expiry is held for ever, shown with its owner, and can be forced to end by what it shows', async () => {
    const { driver, python } = await sharedBoard()
    const id = await python.post()
    await python.claim(id, 'snake')
    const { session, grants } = await claimSome(driver, 1)
    assert.equal(grants.length, 0)
    const [held] = await driver.claim(session, [{ jobId: id, claimId: randomUUID(), owner: 'me' }])
    assert.deepEqual(held, { kind: 'held', owner: 'snake' })
    assert.equal((await driver.read({ kind: 'counts' })).claimed, 1)
    const [job] = (await driver.read({ kind: 'list', states: 'claimed', limit: 10, fresh: true })).jobs
    const token = job?.standing.state === 'CLAIMED' ? job.standing.token : 0n
    assert.ok(token < 0n)
    const force = (wrong: bigint) =>
      driver.administer({ kind: 'force', jobId: id, token: token - wrong, reason: 'dead' })
    assert.deepEqual(await force(1n), { kind: 'changed', token })
    assert.deepEqual(await force(0n), { kind: 'released' })
    assert.deepEqual(await force(0n), { kind: 'released' })
    const next = await claimSome(driver, 1)
    assert.equal(next.grants[0]?.previous?.owner, 'snake')
  })

  it.each(['abandoned', 'expired'])('that was %s is found within little more than a second', async how => {
    const { driver, python } = await sharedBoard()
    const id = await python.post()
    await python.claim(id, 'snake', how === 'expired' ? 300 : undefined)
    assert.equal((await claimSome(driver, 1)).grants.length, 0)
    const { session } = await driver.startSession({ id: randomUUID(), ttlMs: 60_000 })
    const wish = async () =>
      (await driver.claimNext?.(session, [{ claimId: randomUUID(), owner: 'me' }]))?.[0]
    const none = await wish()
    assert.ok(none?.kind === 'none' && (none.nextChangeInMs ?? 9_999) <= 1_000, 'it tells when to look again')
    if (how === 'abandoned') await python.abandon(id)
    await eventually('it can be claimed', async () => (await wish())?.kind === 'claimed', 1_500)
  })

  it('that ended as consumed or trashed leaves nothing of the job here', async () => {
    const { driver, python, redis, told } = await sharedBoard()
    const jobs = [posting(), posting(), posting()]
    await driver.post(jobs)
    const ids = jobs.map(({ id }) => id)
    await python.consume(ids[0] ?? '')
    await python.trash(ids[1] ?? '')
    const counts = await driver.read({ kind: 'counts' })
    assert.deepEqual(counts, { unclaimed: 1, delayed: 0, claimed: 0, trashed: 1 })
    assert.equal((await claimSome(driver, 5)).grants[0]?.job.id, ids[2])
    assert.deepEqual(await redis.keys(`*${ids[0]}*`), [])
    const { jobs: trashed } = await driver.read({ kind: 'trash', limit: 10 })
    assert.deepEqual(
      trashed.map(({ id }) => id),
      [ids[1]],
    )
    await eventually('it is told', () =>
      told.changes.some(({ jobId, change }) => jobId === ids[0] && change === 'removed'),
    )
    const [job] = trashed
    const restored = await driver.administer({
      kind: 'restore',
      jobId: ids[1] ?? '',
      order: job?.order ?? 0n,
    })
    assert.equal(restored.kind, 'restored')
    assert.equal((await claimSome(driver, 5)).grants[0]?.job.id, ids[1])
  })

  it('does not end by a late step of ours, also under our owner’s name', async () => {
    const board = await sharedBoard()
    const { driver, python, redis } = board
    const job = posting()
    await driver.post([job])
    const { session, grants } = await claimSome(driver, 1, { ttlMs: 300 })
    await eventually('our time is over', async () => (await redis.exists(`taskflow:${job.id}.owned`)) === 0)
    await python.claim(job.id, 'claimer')
    assert.deepEqual(await tryToEnd(board, session, grants[0] ?? assert.fail()), ['lost', 'lost', 'lost'])
    assert.equal(await redis.get(`taskflow:${job.id}.owned`), 'claimer')
  })

  it('in place of one of ours that it ended in our name: ours is lost at the next renewal, and told', async () => {
    const board = await sharedBoard()
    const { driver, python } = board
    await driver.post([posting()])
    const { session, grants } = await claimSome(driver, 1)
    const grant = grants[0] ?? assert.fail()
    await python.abandon(grant.job.id)
    await python.claim(grant.job.id, 'snake')
    assert.deepEqual(await tryToEnd(board, session, grant), ['lost', 'lost', 'lost'])
    assert.deepEqual(await driver.renew({ session, held: [grant.claimId] }), {
      kind: 'alive',
      lost: [{ claimId: grant.claimId, cause: 'taken over' }],
      unnamed: [],
    })
  })

  it('cannot be made on a delayed job before its time', async () => {
    const { driver, python } = await sharedBoard()
    const job = posting({ delayMs: 500 })
    await driver.post([job])
    assert.equal(await python.claim(job.id, 'snake'), false)
    await eventually('it can be claimed then', () => python.claim(job.id, 'snake'))
  })
})

it('jobs are found again when all keys of ours were deleted by hand', async () => {
  const { driver, redis } = await sharedBoard()
  const jobs = [posting(), posting({ name: 'other' })]
  await driver.post(jobs)
  const next = async (): Promise<number> => (await claimSome(driver, 1)).grants.length
  await redis.del(`taskflow:${jobs[0]?.id}.x`)
  assert.equal(await next(), 1)
  await eventually('the other one is found', async () => (await next()) === 1)
  await redis.del(await redis.keys('*.x*'))
  await redis.del(await redis.keys('*.owned'))
  assert.deepEqual([await next(), await next()], [1, 1])
})
