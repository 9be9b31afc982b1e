import assert from 'node:assert/strict'
import type { ConformanceCase } from '../case.js'
import { arrival, refusal } from './support.js'

export const wokenDoesNoHarm: ConformanceCase = {
  id: 'expiry/woken-does-no-harm',
  law: 'FAULT-4',
  title: 'an owner that stood still past its time and wakes up cannot end its claims, and its signals abort',
  needs: [],
  async run(world) {
    const [sleeper, heir] = [await world.client('sleeper'), await world.client('heir')]
    const endings = ['consume', 'abandon', 'trash'] as const
    const jobs = [await heir.post('a'), await heir.post('b'), await heir.post('c')]
    const stale = await Promise.all(jobs.map(({ id }) => sleeper.claim(id)))
    await sleeper.freeze()
    const current = []
    for (const { id } of jobs) {
      current.push(await world.eventually('the claim runs out', () => heir.claim(id)))
    }
    await sleeper.thaw()

    for (const [i, claim] of stale.entries()) {
      const how = endings[i] ?? assert.fail()
      const late = how === 'trash' ? claim.trash({ reason: 'no use' }) : claim[how]()
      await refusal(late, 'JOBBOARD_CLAIM_LOST')
      await world.eventually('its signal aborts', async () => (await claim.status()).aborted)
      assert.equal((await heir.find(claim.jobId))?.token, current[i]?.token, `the ${how} changed nothing`)
    }
    for (const claim of current) await claim.consume()
  },
}

export const wokenGoesOn: ConformanceCase = {
  id: 'expiry/woken-goes-on',
  law: 'FAULT-4',
  title: 'a client that was paused past the time to live works on under a new session',
  needs: [],
  async run(world) {
    const [sleeper, other] = [await world.client('sleeper'), await world.client('other')]
    const { id } = await other.post('job')
    const lost = await sleeper.claim(id)
    await sleeper.freeze()
    const free = async () => (await other.find(id))?.state === 'UNCLAIMED'
    await world.eventually('the claim runs out', free)
    await sleeper.thaw()

    const again = await world.eventually('it claims anew', () => sleeper.claim(id))
    assert.ok(again.token > lost.token)
    await refusal(lost.consume(), 'JOBBOARD_CLAIM_LOST')
    await again.consume()
  },
}

export const shortPause: ConformanceCase = {
  id: 'expiry/short-pause',
  law: 'CLAIM-10',
  title: 'a pause well under the time to live loses nothing',
  needs: [],
  async run(world) {
    const [sleeper, other] = [await world.client('sleeper'), await world.client('other')]
    const claim = await sleeper.claim((await other.post('job')).id)
    await sleeper.freeze()
    await world.elapse(world.ttlMs / 4)
    await sleeper.thaw()
    await world.never('the claim is lost', async () => (await claim.status()).aborted, {
      duringMs: world.ttlMs / 2,
    })
    await arrival(world, 'the ending is answered', claim.consume())
  },
}
