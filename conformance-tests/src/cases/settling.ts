import assert from 'node:assert/strict'
import type { ConformanceCase } from '../case.js'
import { BareDriver, endingOf } from './bare.js'
import { assertDelayed, idsOf, refusal, timeUntilClaimed } from './support.js'

export const holderSettles: ConformanceCase = {
  id: 'settling/holder-settles',
  law: 'SETTLE-1',
  title: 'the holder of a claim can consume, abandon or trash the job, once',
  needs: [],
  async run(world) {
    const [worker, reader] = [await world.client('worker'), await world.client('reader')]
    const [done, back, bad] = [await worker.post('done'), await worker.post('back'), await worker.post('bad')]
    const claims = [await worker.claim(done.id), await worker.claim(back.id), await worker.claim(bad.id)]
    await claims[0]?.consume()
    await claims[1]?.abandon()
    await claims[2]?.trash({ reason: 'no use' })

    assert.deepEqual(idsOf(await reader.list({ ensureFresh: true, state: 'unclaimed' })), [back.id])
    assert.deepEqual(idsOf(await reader.trashed()), [bad.id])
    for (const claim of claims) {
      await refusal(claim.consume(), 'JOBBOARD_CLAIM_SETTLED')
      assert.equal((await claim.status()).state, 'settled')
    }
    assert.deepEqual(
      idsOf(await reader.list({ ensureFresh: true })),
      [back.id],
      'the second ending changed nothing',
    )
  },
}

export const holderByName: ConformanceCase = {
  id: 'settling/holder-by-name',
  law: 'SETTLE-1',
  title: 'a claim can be ended by job and owner on the board that holds it, and nowhere else',
  needs: [],
  async run(world) {
    const [worker, other] = [await world.client('worker'), await world.client('other')]
    const { id } = await worker.post('job')
    const claim = await worker.claim(id, 'alice')
    await refusal(other.consume(id, 'alice'), 'JOBBOARD_CLAIM_NOT_HELD')
    await refusal(other.abandon(id), 'JOBBOARD_CLAIM_NOT_HELD')
    await refusal(worker.trash(id, 'bob', { reason: 'no use' }), 'JOBBOARD_CLAIM_NOT_HELD')
    await claim.assertHeld()
    await worker.consume(id, 'alice')
    assert.equal(await other.find(id), undefined)
  },
}

export const everyPartMatters: ConformanceCase = {
  id: 'settling/every-part-matters',
  law: 'SETTLE-1',
  title: 'an ending needs the claim id of the current claim: another id is refused, whatever the token',
  needs: [],
  async run(world) {
    await using bare = await BareDriver.open(world)
    const [session, other] = [await bare.session(), await bare.session()]
    const jobId = await bare.post('job')
    const grant = await bare.take(session, jobId)
    for (const how of ['consume', 'abandon', 'trash'] as const) {
      const made = { ...endingOf(grant, how), claimId: bare.id() }
      assert.equal((await bare.settle(other, made)).kind, 'lost', how)
      assert.equal(await bare.standing(jobId), 'CLAIMED', `the ${how} changed nothing`)
    }
  },
}

export const abandonedAtOnce: ConformanceCase = {
  id: 'settling/abandoned-at-once',
  law: 'SETTLE-4',
  title: 'an abandoned job is claimable at once, and it is no takeover for the next claimer',
  needs: [],
  async run(world) {
    const [first, second] = [await world.client('first'), await world.client('second')]
    const { id } = await first.post('job')
    await (await first.claim(id)).abandon()
    const claim = await second.claim(id)
    assert.equal(claim.previous, undefined)
    assert.equal(claim.job.takeover, false)
  },
}

export const abandonedForLater: ConformanceCase = {
  id: 'settling/abandoned-for-later',
  law: 'SETTLE-4',
  title: 'a job that was abandoned with a delay cannot be claimed, neither by its id nor as the next one',
  needs: [],
  async run(world) {
    const [first, second] = [await world.client('first'), await world.client('second')]
    const { id } = await first.post('job')
    await (await first.claim(id)).abandon({ delayMs: world.ttlMs * 10 })
    await refusal(second.claim(id), 'JOBBOARD_NOT_AVAILABLE_YET')
    assert.equal(await second.claimNext(), undefined)
    assert.notEqual((await second.find(id))?.availableAt, undefined)
  },
}

export const backInTime: ConformanceCase = {
  id: 'settling/back-in-time',
  law: 'SETTLE-4',
  title: 'a job that was abandoned with a delay becomes claimable after it, and not before',
  needs: [],
  async run(world) {
    const client = await world.client('client')
    const claim = await client.claim((await client.post('job')).id)
    const delayMs = world.ttlMs / 2
    const abandon = async () => {
      await claim.abandon({ delayMs })
      return claim.job
    }
    assertDelayed(await timeUntilClaimed(world, abandon, client), delayMs)
  },
}

export const takeoverToldOnce: ConformanceCase = {
  id: 'settling/takeover-told-once',
  law: 'SETTLE-4',
  title: 'the claim after a takeover that was abandoned is no takeover any more',
  needs: [],
  async run(world) {
    const [first, second] = [await world.client('first'), await world.client('second')]
    const { id } = await first.post('job')
    const lost = await first.claim(id, 'alice')
    await second.forceRelease(id, { token: `${lost.token}`, reason: 'stuck' })
    await (await second.claim(id)).abandon() // this one was a takeover
    assert.equal((await second.find(id))?.takeover, false)
    const { previous, job } = await second.claim(id)
    assert.deepEqual([previous, job.takeover], [undefined, false])
    assert.deepEqual([job.losses, job.lostBy?.owner], [1, 'alice'], 'the loss is not forgotten')
  },
}

export const delayFromTheAbandon: ConformanceCase = {
  id: 'settling/delay-from-the-abandon',
  law: 'SETTLE-4',
  title: 'a delay counts from the abandon, however old the job and the claim are',
  needs: [],
  async run(world) {
    const client = await world.client('client')
    const claim = await client.claim((await client.post('job')).id)
    await world.elapse(world.ttlMs)
    const delayMs = world.ttlMs / 2
    const abandon = async () => {
      await claim.abandon({ delayMs })
      return claim.job
    }
    assertDelayed(await timeUntilClaimed(world, abandon, client), delayMs)
  },
}

export const failuresCount: ConformanceCase = {
  id: 'settling/failures-count',
  law: 'SETTLE-4',
  title: 'abandoning as failed counts as a failure, and abandoning does not',
  needs: [],
  async run(world) {
    const client = await world.client('client')
    const { id } = await client.post('job')
    const failures = async () => (await client.find(id))?.failures
    await (await client.claim(id)).abandon({ failure: true })
    assert.equal(await failures(), 1)
    await (await client.claim(id)).abandon()
    assert.equal(await failures(), 1)
    await (await client.claim(id)).abandon({ failure: true })
    assert.equal(await failures(), 2)
    assert.equal((await client.find(id))?.losses, 0, 'a failure is no loss')
  },
}
