import { expect, test } from 'vitest'
import type { ConformanceCase } from '../src/case.js'
import { runSuite } from '../src/run.js'
import type { World } from '../src/world.js'
import { harness } from './fixtures/memory-harness.js'

/** Runs one case in turned time, and throws what it throws. Answers how long it took in real time. */
async function inWorld(run: (world: World) => Promise<void>): Promise<number> {
  const one: ConformanceCase = { id: 'lifecycle/one', law: 'FAULT-5', title: 'one', needs: [], run }
  const { cases } = await runSuite(harness, { cases: [one] })
  expect(cases[0]?.error).toBeUndefined()
  return cases[0]?.ms ?? Number.NaN
}

test('hours pass at once, and claims are renewed all the time', async () => {
  const ms = await inWorld(async world => {
    const client = await world.client('client')
    await client.post('job')
    const claim = await client.claimNext()
    await world.elapse(3_600_000)
    await claim?.consume()
  })
  expect(ms).toBeLessThan(20_000)
})

test('time goes on by itself for a call that needs it, and for nothing else', () =>
  inWorld(async world => {
    const client = await world.client('client')
    const clock = world.clock()
    await client.fault({ member: 'post', kind: 'lostReply', times: 2 })
    const before = clock.now()
    await client.post('sent three times')
    expect(clock.now() - before).toBeGreaterThan(5)

    const waiting = client.waitForJob({ timeoutMs: 100 * world.ttlMs, names: ['never posted'] })
    const start = clock.now()
    for (let i = 0; i < 100; i += 1) await client.count()
    expect(clock.now()).toBe(start)
    expect(await waiting).toBeUndefined()
    expect(clock.now() - start).toBeGreaterThanOrEqual(100 * world.ttlMs)
  }))

test('a frozen client does nothing and hears nothing; thawed it does it all', () =>
  inWorld(async world => {
    const [frozen, other] = [await world.client('frozen'), await world.client('other')]
    const { id } = await other.post('job')
    const claim = await frozen.claim(id)
    await frozen.freeze()
    let heard = false
    const asked = claim.status().finally(() => {
      heard = true
    })
    const fresh = await world.eventually('the claim runs out', () => other.claim(id), {
      withinMs: world.takeoverMs,
    })
    expect(heard).toBe(false)
    await frozen.thaw()
    expect(await asked).toMatchObject({ state: 'lost', aborted: true, code: 'JOBBOARD_CLAIM_LOST' })
    expect(await frozen.events()).toContainEqual(
      expect.objectContaining({ event: 'claimed', owner: fresh.owner }),
    )
    await fresh.consume()
  }))

test('a killed client is never heard of again, and ends no session', () =>
  inWorld(async world => {
    const [dead, other] = [await world.client('dead'), await world.client('other')]
    const { id } = await other.post('job')
    await dead.claim(id)
    await dead.kill()
    await expect(other.claim(id)).rejects.toMatchObject({ code: 'JOBBOARD_ALREADY_CLAIMED' })
    const claim = await world.eventually('the claim runs out', () => other.claim(id), {
      withinMs: world.takeoverMs,
    })
    expect(claim.previous).toMatchObject({ cause: 'expired' })
    await claim.consume()
  }))

test('eventually passes over retryable errors, stops at others, and names what it waited for', () =>
  inWorld(async world => {
    const failing = (retryable: boolean) => async () => {
      throw Object.assign(new Error('in the way'), { retryable })
    }
    const start = world.clock().now()
    await expect(world.eventually('it works', failing(true), { withinMs: 500 })).rejects.toMatchObject({
      message: 'not within 500 ms: it works',
      cause: { message: 'in the way' },
    })
    expect(world.clock().now() - start).toBe(500)
    await expect(world.eventually('it works', failing(false))).rejects.toThrow('in the way')
  }))

test('never looks until the end', () =>
  inWorld(async world => {
    const start = world.clock().now()
    const late = async (): Promise<boolean> => world.clock().now() - start >= 400
    await world.never('later', late, { duringMs: 300 })
    await expect(world.never('now', late, { duringMs: 200 })).rejects.toThrow('should not have happened: now')
  }))

test('what a case leaves running fails unheard when it is over', () =>
  inWorld(async world => {
    const client = await world.client('client')
    void client.waitForJob()
    void client.claims().then(run => run.next())
  }))
