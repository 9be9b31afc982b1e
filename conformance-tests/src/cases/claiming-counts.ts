import assert from 'node:assert/strict'
import type { SessionRef } from '@jobboard/core/driver'
import type { ConformanceCase } from '../case.js'
import { BareDriver } from './bare.js'

export const attemptsAreCounted: ConformanceCase = {
  id: 'claiming/attempts-are-counted',
  law: 'CLAIM-6',
  title: 'each claim adds one to the attempts of the job, whoever makes it',
  needs: [],
  async run(world) {
    const clients = [await world.client('first'), await world.client('second')]
    const [poster] = clients
    const { id } = (await poster?.post('job')) ?? assert.fail()
    for (const attempt of [1, 2, 3, 4]) {
      const client = clients[attempt % 2] ?? assert.fail()
      const claim = await client.claim(id)
      assert.equal(claim.attempt, attempt)
      assert.equal((await client.find(id))?.attempts, attempt, 'a look tells the same')
      await claim.abandon()
    }
  },
}

export const takeoverIsTold: ConformanceCase = {
  id: 'claiming/takeover-is-told',
  law: 'CLAIM-6',
  title: 'a claim on a job whose owner died is a takeover, and names that owner',
  needs: [],
  async run(world) {
    const [dead, heir] = [await world.client('dead'), await world.client('heir')]
    const { id } = await heir.post('job')
    assert.equal((await dead.claim(id, 'late alice')).previous, undefined, 'the first claim is no takeover')
    await dead.kill()

    const claim = await world.eventually('the job is claimable', () => heir.claim(id))
    assert.equal(claim.previous?.owner, 'late alice')
    assert.equal(claim.previous?.cause, 'expired')
    assert.equal(claim.attempt, 2)
    const { takeover, losses, failures, lostBy } = (await heir.find(id)) ?? assert.fail()
    assert.deepEqual({ takeover, losses, failures }, { takeover: true, losses: 1, failures: 1 })
    assert.equal(lostBy?.owner, 'late alice')
  },
}

export const forcedIsATakeover: ConformanceCase = {
  id: 'claiming/forced-is-a-takeover',
  law: 'CLAIM-6',
  title: 'the claim after a forced one is a takeover too, and says so',
  needs: [],
  async run(world) {
    const [first, second] = [await world.client('first'), await world.client('second')]
    const { id } = await first.post('job')
    const { token } = await first.claim(id, 'alice')
    await second.forceRelease(id, { token: `${token}`, reason: 'stuck' })
    const waiting = (await second.find(id)) ?? assert.fail()
    assert.deepEqual([waiting.takeover, waiting.lostBy?.owner], [true, 'alice'], 'the waiting job tells it')

    const next = await second.claim(id)
    assert.deepEqual([next.previous?.owner, next.previous?.cause], ['alice', 'forced'])
    assert.equal(next.attempt, 2)
  },
}

export const restoreResetsCounts: ConformanceCase = {
  id: 'claiming/restore-resets-counts',
  law: 'CLAIM-6',
  title: 'restoring a job from the trash resets its counts, and the loss that it had',
  needs: [],
  async run(world) {
    const client = await world.client('client')
    const { id } = await client.post('job')
    const { token } = await client.claim(id)
    await client.forceRelease(id, { token: `${token}`, reason: 'stuck' })
    await (await client.claim(id)).abandon({ failure: true })
    await (await client.claim(id)).trash({ reason: 'no use' })

    await client.restore(id)
    const { attempts, failures, losses, takeover, lostBy } = (await client.find(id)) ?? assert.fail()
    assert.deepEqual(
      { attempts, failures, losses, takeover },
      { attempts: 0, failures: 0, losses: 0, takeover: false },
    )
    assert.equal(lostBy, undefined)
    assert.equal((await client.claim(id)).attempt, 1)
  },
}

export const timesAreTold: ConformanceCase = {
  id: 'claiming/times-are-told',
  law: 'CLAIM-6',
  title: 'a lost claim is told with the time at which it was lost, in the record and to the next owner',
  needs: [],
  async run(world) {
    await using bare = await BareDriver.open(world)
    const long = await bare.session()
    // By the clock of the backend, whatever it shows: these are before and after.
    const before = await backendNow(bare, long)
    const short = await bare.session(world.ttlMs)
    const jobs = { expired: await bare.post('expired'), forced: await bare.post('forced') }
    await bare.take(short, jobs.expired)
    const { token } = await bare.take(long, jobs.forced)
    await bare.driver.administer({ kind: 'force', jobId: jobs.forced, token, reason: 'stuck' })
    await world.eventually(
      'the claim runs out',
      async () => (await bare.standing(jobs.expired)) === 'UNCLAIMED',
    )
    const after = await backendNow(bare, long)
    for (const [cause, jobId] of Object.entries(jobs)) {
      const { lostBy } = await bare.record(jobId)
      assert.equal(lostBy?.cause, cause)
      const { at } = lostBy
      assert.ok(at >= before - world.ttlMs / 10, `${cause} at ${at}, but after ${before}`)
      assert.ok(at <= after + world.ttlMs / 10, `${cause} at ${at}, but before ${after}`)
      const { previous } = await bare.take(long, jobId)
      assert.equal(previous?.at, at, 'the next owner is told the same')
    }
  },
}

/** The time at which a job is put into the trash. */
async function backendNow(bare: BareDriver, session: SessionRef): Promise<number> {
  const jobId = await bare.post('clock')
  await bare.discard(session, jobId)
  const { standing } = await bare.record(jobId)
  return standing.state === 'TRASHED' ? standing.at : assert.fail('it is in the trash')
}
