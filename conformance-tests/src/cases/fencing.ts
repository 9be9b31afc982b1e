import assert from 'node:assert/strict'
import type { Ending } from '@jobboard/core/driver'
import type { ConformanceCase } from '../case.js'
import type { ClientClaim } from '../world.js'
import { BareDriver, endingOf } from './bare.js'
import { arrival, refusal } from './support.js'

type How = Ending['how']

export const lateConsume: ConformanceCase = lateEnding('consume')
export const lateAbandon: ConformanceCase = lateEnding('abandon')
export const lateTrash: ConformanceCase = lateEnding('trash')

export const expiredConsume: ConformanceCase = expiredEnding('consume')
export const expiredAbandon: ConformanceCase = expiredEnding('abandon')
export const expiredTrash: ConformanceCase = expiredEnding('trash')

export const namesakes: ConformanceCase = {
  id: 'fencing/namesakes',
  law: 'SETTLE-2',
  title: 'an owner whose claim was taken over by somebody of the same name cannot end it in any way',
  needs: [],
  async run(world) {
    const [stale, twin] = [await world.client('stale'), await world.client('twin')]
    await stale.fault({ member: 'renew', kind: 'down' }) // nothing tells it that it lost the claim
    const { id } = await twin.post('job')
    const lost = await stale.claim(id, 'alice')
    await twin.forceRelease(id, { token: `${lost.token}`, reason: 'stuck' })
    const current = await twin.claim(id, 'alice')

    for (const how of ['consume', 'abandon', 'trash'] as const) {
      await refusal(settleBy(lost, how), 'JOBBOARD_CLAIM_LOST')
      assert.equal((await twin.find(id))?.token, current.token, `the ${how} changed nothing`)
    }
    await current.consume()
  },
}

export const otherClaimOfTheSession: ConformanceCase = {
  id: 'fencing/own-older-claim',
  law: 'SETTLE-2',
  title: "a session's older claim on a job cannot end its newer one",
  needs: [],
  async run(world) {
    await using bare = await BareDriver.open(world)
    const session = await bare.session()
    const jobId = await bare.post('job')
    const older = await bare.take(session, jobId)
    await bare.driver.administer({ kind: 'force', jobId, token: older.token, reason: 'stuck' })
    await bare.take(session, jobId)
    for (const how of ['consume', 'abandon', 'trash'] as const) {
      assert.equal((await bare.settle(session, endingOf(older, how))).kind, 'lost', how)
      assert.equal(await bare.standing(jobId), 'CLAIMED', `the ${how} changed nothing`)
    }
  },
}

export const abandonArrivesLate: ConformanceCase = {
  id: 'fencing/abandon-arrives-late',
  law: 'SETTLE-2',
  title: 'an abandon that was thought lost and arrives late leaves the next claim alone',
  needs: [],
  async run(world) {
    const [client, other] = [await world.client('client'), await world.client('other')]
    const { id } = await other.post('job')
    const claim = await client.claim(id)
    await client.fault({ member: 'abandon', kind: 'lateArrival' })
    await arrival(world, 'the abandon is answered', claim.abandon())
    const current = await other.claim(id)
    await client.releaseLate()
    assert.equal((await client.find(id))?.token, current.token)
    await current.assertHeld()
  },
}

/** The claim was forced and the job is somebody else's now. */
function lateEnding(how: How): ConformanceCase {
  return {
    id: `fencing/late-${how}`,
    law: 'SETTLE-2',
    title: `an owner whose job was taken over cannot ${how} it`,
    needs: [],
    async run(world) {
      await using bare = await BareDriver.open(world)
      const [slow, quick] = [await bare.session(), await bare.session()]
      const jobId = await bare.post('job')
      const stale = await bare.take(slow, jobId)
      await bare.driver.administer({ kind: 'force', jobId, token: stale.token, reason: 'stuck' })
      const current = await bare.take(quick, jobId)

      assert.equal((await bare.settle(slow, endingOf(stale, how))).kind, 'lost')
      const found = await bare.look(jobId)
      assert.ok(
        typeof found === 'object' && found.standing.state === 'CLAIMED',
        'the job is claimed as before',
      )
      assert.equal(found.standing.token, current.token, 'by the new owner')
    },
  }
}

/** The session is over, and nobody came for the job. */
function expiredEnding(how: How): ConformanceCase {
  return {
    id: `fencing/expired-${how}`,
    law: 'SETTLE-2',
    title: `an owner whose session expired cannot ${how} the job, though nobody took it over`,
    needs: [],
    async run(world) {
      await using bare = await BareDriver.open(world)
      const session = await bare.session(world.ttlMs)
      const jobId = await bare.post('job')
      const stale = await bare.take(session, jobId)
      await world.eventually('the claim is over', async () => (await bare.standing(jobId)) === 'UNCLAIMED')

      assert.equal((await bare.settle(session, endingOf(stale, how))).kind, 'lost')
      const found = await bare.look(jobId)
      assert.ok(typeof found === 'object' && found.standing.state === 'UNCLAIMED', 'the job waits as before')
      assert.equal(found.standing.availableAt, undefined, 'and for nothing')
    },
  }
}

function settleBy(claim: ClientClaim, how: How): Promise<void> {
  return how === 'trash' ? claim.trash({ reason: 'no use' }) : claim[how]()
}
