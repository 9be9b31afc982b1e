import assert from 'node:assert/strict'
import type { ConformanceCase } from '../case.js'
import type { Fault } from '../lossy-driver.js'
import { BareDriver } from './bare.js'
import { arrival, lateRefusal, refusal } from './support.js'

export const lostRequests: ConformanceCase = {
  id: 'faults/lost-requests',
  law: 'FAULT-3',
  title: 'a request that never arrived is sent again',
  needs: [],
  async run(world) {
    const client = await world.client('client')
    await client.fault({ member: 'post', kind: 'lostRequest' })
    const { id } = await arrival(world, 'the post is answered', client.post('job'))
    await client.fault({ member: 'startSession', kind: 'lostRequest' })
    await client.fault({ member: ['claim', 'claimNext'], kind: 'lostRequest' })
    const next = await arrival(world, 'the claim is answered', client.claimNext())
    assert.equal(next?.jobId, id)
    await client.fault({ member: 'abandon', kind: 'lostRequest' })
    await arrival(world, 'the abandon is answered', next.abandon())
    await client.fault({ member: 'claim', kind: 'lostRequest' })
    const claim = await arrival(world, 'the claim is answered', client.claim(id))
    await client.fault({ member: 'trash', kind: 'lostRequest' })
    await arrival(world, 'the trash is answered', claim.trash({ reason: 'no use' }))
    await client.fault({ member: 'administer', kind: 'lostRequest' })
    await arrival(world, 'the restore is answered', client.restore(id))
    await client.fault({ member: 'consume', kind: 'lostRequest' })
    await arrival(world, 'the consume is answered', (await client.claim(id)).consume())
    assert.equal(await client.faultsLeft(), 0, 'every request was lost once')
    assert.equal(await client.find(id), undefined)
  },
}

export const hungRequests: ConformanceCase = {
  id: 'faults/hung-requests',
  law: 'FAULT-3',
  title: 'a request that hangs is given up in time to be sent once more within the limit of the call',
  needs: [],
  async run(world) {
    const client = await world.client('client', { requestTimeoutMs: Math.ceil(world.ttlMs / 2) })
    const hung = async <T>(member: Fault['member'], call: () => Promise<T>): Promise<T> => {
      await client.fault({ member, kind: 'hang' })
      const answer = await arrival(world, `the ${member} is answered`, call())
      assert.equal(await client.faultsLeft(), 0, `the ${member} hung`)
      return answer
    }
    // The session is there already, so that no call hangs twice.
    await hung('startSession', () => client.registerEntity({ kind: 'conductor', name: 'one', metadata: {} }))
    const { id } = await hung('post', () => client.post('job'))
    const claim = await hung('claim', () => client.claim(id))
    assert.equal((await hung('read', () => client.find(id)))?.state, 'CLAIMED')
    await hung('consume', () => claim.consume())
  },
}

export const lostOrders: ConformanceCase = {
  id: 'faults/orders-lost-reply',
  law: 'FAULT-3',
  title: 'an order of an operator whose reply was lost is sent again and succeeds',
  needs: [],
  async run(world) {
    const client = await world.client('client')
    const { id } = await client.post('job')
    const { token } = await client.claim(id)
    const ordered = async (what: string, order: () => Promise<unknown>) => {
      await client.fault({ member: 'administer', kind: 'lostReply' })
      await arrival(world, `the ${what} is answered`, order())
      assert.equal(await client.faultsLeft(), 0, `the reply to the ${what} was lost`)
    }
    await ordered('forced release', () => client.forceRelease(id, { token: `${token}`, reason: 'stuck' }))
    await (await client.claim(id)).trash({ reason: 'no use' })
    await ordered('restore', () => client.restore(id))
    await (await client.claim(id)).trash({ reason: 'no use' })
    await ordered('purge', () => client.purge(id))
    assert.equal(await client.find(id), undefined)
  },
}

export const orderOfAnEarlierStay: ConformanceCase = {
  id: 'faults/order-of-an-earlier-stay',
  law: 'FAULT-3',
  title: 'a restore or purge that arrives late does nothing to a later stay in the trash',
  needs: [],
  async run(world) {
    await using bare = await BareDriver.open(world)
    const session = await bare.session()
    const jobId = await bare.post('job')
    const order = await bare.discard(session, jobId)
    await bare.leaveTrash('restore', jobId)
    for (const kind of ['restore', 'purge'] as const) {
      const late = await bare.driver.administer({ kind, jobId, order })
      assert.deepEqual(late, { kind: 'missing', onBoard: true }, `a ${kind} while it is on the board`)
    }
    await bare.discard(session, jobId)
    for (const kind of ['restore', 'purge'] as const) {
      const late = await bare.driver.administer({ kind, jobId, order })
      assert.deepEqual(late, { kind: 'missing', onBoard: false }, `a ${kind} while it is in the trash again`)
      assert.equal(await bare.standing(jobId), 'TRASHED', `the ${kind} changed nothing`)
    }
  },
}

export const unknownEnding: ConformanceCase = {
  id: 'faults/unknown-ending',
  law: 'FAULT-3',
  title:
    'an ending whose outcome could not be learned says so, and calling again on the same claim settles it',
  needs: [],
  async run(world) {
    const client = await world.client('client', { requestTimeoutMs: Math.ceil(world.ttlMs / 2) })
    for (const kind of ['lostRequest', 'hang'] as const) {
      const { id } = await client.post(kind)
      const claim = await client.claim(id)
      await client.fault({ member: 'consume', kind, times: 1_000 })
      await lateRefusal(world, 'the consume ends', claim.consume(), 'JOBBOARD_OUTCOME_UNKNOWN')
      await client.liftFaults()
      await arrival(world, 'the second call is answered', claim.consume())
      assert.equal(await client.find(id), undefined, kind)
      await refusal(claim.abandon(), 'JOBBOARD_CLAIM_SETTLED')
    }
  },
}

export const unknownEndingGoesOn: ConformanceCase = {
  id: 'faults/unknown-ending-goes-on',
  law: 'FAULT-3',
  title: 'an ending whose outcome its caller did not learn takes place by itself when the backend is back',
  needs: [],
  async run(world) {
    const client = await world.client('client', { requestTimeoutMs: Math.ceil(world.ttlMs / 4) })
    const other = await world.client('other')
    const expected = { consume: 'gone', abandon: 'UNCLAIMED', trash: 'TRASHED' } as const
    for (const how of ['consume', 'abandon', 'trash'] as const) {
      const { id } = await other.post(how)
      const claim = await client.claim(id)
      await client.fault({ member: how, kind: 'lostRequest', times: 1_000 })
      const ending = how === 'trash' ? claim.trash({ reason: 'no use' }) : claim[how]()
      await lateRefusal(world, `the ${how} ends`, ending, 'JOBBOARD_OUTCOME_UNKNOWN')
      await client.liftFaults()
      const standing = async () => (await other.find(id))?.state ?? 'gone'
      await world.eventually(`the ${how} takes place`, async () => (await standing()) === expected[how], {
        withinMs: world.ttlMs,
      })
    }
    const [back] = await other.list({ ensureFresh: true })
    assert.equal(back?.losses, 0, 'nothing was lost')
  },
}

export const unknownClaim: ConformanceCase = {
  id: 'faults/unknown-claim',
  law: 'FAULT-3',
  title: 'a claim whose outcome could not be learned says so, and leaves the board fit for another try',
  needs: [],
  async run(world) {
    const client = await world.client('client', { requestTimeoutMs: Math.ceil(world.ttlMs / 2) })
    const { id } = await client.post('job')
    for (const kind of ['lostRequest', 'hang'] as const) {
      await client.fault({ member: 'claim', kind, times: 1_000 })
      await lateRefusal(world, 'the claim ends', client.claim(id), 'JOBBOARD_OUTCOME_UNKNOWN')
      await client.liftFaults()
      const claim = await world.eventually('the job is claimed', () => client.claim(id))
      await arrival(world, 'the abandon is answered', claim.abandon())
    }
  },
}
