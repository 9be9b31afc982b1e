import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { Ending } from '@jobboard/core/driver'
import { describe, it } from 'vitest'
import { cuttingProxy } from './cutting-proxy.js'
import {
  claimSome,
  eventually,
  type OpenBoard,
  openBoard,
  ownServer,
  plainClient,
  posting,
} from './open-board.js'

interface Cut extends OpenBoard {
  /** Runs a call whose reply is lost, and then, as core does, the same call until it is answered. */
  lose<T>(text: string, call: () => Promise<T>): Promise<T>
  readonly monitor: { readonly times: () => Promise<number> }
}

/** A board behind a proxy. */
async function cutBoard(): Promise<Cut> {
  const server = await ownServer()
  const proxy = await cuttingProxy(server.url)
  const redis = plainClient(server.url)
  const opened = await openBoard({ url: proxy.url, board: 'cut' })
  const times = async (): Promise<number> => {
    const stats = await redis.info('commandstats')
    const calls = [...stats.matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g)]
    return calls.reduce((sum, [, count]) => sum + Number(count), 0)
  }
  return {
    ...opened,
    monitor: { times },
    async lose(text, call) {
      const before = await times()
      proxy.cutReplyTo(text)
      await assert.rejects(call, { name: 'DriverError', kind: 'unavailable', done: 'maybe' })
      assert.equal(await times(), before + 1, 'it was executed, and the client did not send it again')
      for (;;) {
        try {
          return await call()
        } catch (error) {
          // Until the client is connected again.
          assert.equal((error as { done?: unknown }).done, 'no')
          await new Promise(resolve => setTimeout(resolve, 20))
        }
      }
    },
  }
}

describe('a reply that is lost', () => {
  it('of a post: the same again, and one job', async () => {
    const { driver, lose } = await cutBoard()
    const job = posting()
    const [answer] = await lose(job.id, () => driver.post([job]))
    assert.equal(answer?.kind, 'same')
    assert.equal((await driver.read({ kind: 'counts' })).unclaimed, 1)
  })

  it('of a session, of a claim by id and of a claim of what comes next: the same session and claim', async () => {
    const { driver, lose } = await cutBoard()
    const jobs = [posting(), posting()]
    await driver.post(jobs)
    const id = randomUUID()
    const { session } = await lose(id, () => driver.startSession({ id, ttlMs: 60_000 }))
    const tried = { jobId: jobs[1]?.id ?? '', claimId: randomUUID(), owner: 'me' }
    const [claimed] = await lose(tried.claimId, () => driver.claim(session, [tried]))
    const wish = { claimId: randomUUID(), owner: 'me' }
    const [next] = await lose(wish.claimId, async () => (await driver.claimNext?.(session, [wish])) ?? [])
    assert.ok(claimed?.kind === 'claimed' && next?.kind === 'claimed')
    assert.deepEqual([claimed.job.id, next.job.id], [jobs[1]?.id, jobs[0]?.id])
    assert.deepEqual([claimed.job.attempts, next.job.attempts], [1, 1])
    const renewal = { session, held: [tried.claimId, wish.claimId] }
    const renewed = await lose(wish.claimId, () => driver.renew(renewal))
    assert.deepEqual(renewed, { kind: 'alive', lost: [], unnamed: [] })
  })

  it.each(['consume', 'abandon', 'trash'] as const)(
    'of a %s with a wish: done once, and the same claim',
    async how => {
      const { driver, lose } = await cutBoard()
      await driver.post([posting(), posting()])
      const { session, grants } = await claimSome(driver, 1)
      const { claimId, token, job } = grants[0] ?? assert.fail()
      const more = { consume: {}, abandon: { delayMs: 60_000, failed: true }, trash: { reason: 'no use' } }[
        how
      ]
      const ending = { jobId: job.id, claimId, token, how, ...more } as Ending
      const wish = { claimId: randomUUID(), owner: 'me' }
      const answer = await lose(wish.claimId, () => driver.settle(session, [ending], [wish]))
      assert.deepEqual(answer.endings, [{ kind: 'settled', how }])
      assert.equal(answer.wishes?.[0]?.kind, 'claimed')
      const { found } = await driver.read({ kind: 'jobs', ids: [job.id] })
      if (how === 'abandon') assert.equal(typeof found[0] === 'object' && found[0].failures, 1)
    },
  )

  it('of orders', async () => {
    const { driver, lose } = await cutBoard()
    await driver.post([posting()])
    const { session, grants } = await claimSome(driver, 1)
    const { claimId, token, job } = grants[0] ?? assert.fail()
    const force = { kind: 'force', jobId: job.id, token, reason: 'stuck' } as const
    assert.deepEqual(await lose(job.id, () => driver.administer(force)), { kind: 'released' })
    assert.deepEqual(await driver.renew({ session, held: [claimId] }), {
      kind: 'alive',
      lost: [{ claimId, cause: 'forced' }],
      unnamed: [],
    })
    await lose(session.id, () => driver.endSession(session, 'closed'))
  })
})

it('the connection that hears of changes heals itself, and says that something may have been missed', async () => {
  const server = await ownServer()
  const redis = plainClient(server.url)
  const { driver, told } = await openBoard({ url: server.url, board: 'heal' })
  await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
  await eventually('the gap is told', () => told.gaps === 1)
  await driver.post([posting()])
  await eventually('changes are told again', () => told.changes.length === 1)
})

it('a server that forgot its scripts is told them again', async () => {
  const server = await ownServer()
  const { driver } = await openBoard({ url: server.url, board: 'flushed' })
  await driver.post([posting()])
  await plainClient(server.url).script('FLUSH')
  await driver.post([posting()])
  assert.equal((await driver.read({ kind: 'counts' })).unclaimed, 2)
})
