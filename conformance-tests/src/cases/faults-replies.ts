import assert from 'node:assert/strict'
import type { ConformanceCase } from '../case.js'
import type { Fault } from '../lossy-driver.js'
import { BareDriver, only } from './bare.js'
import { arrival, idsOf, lateRefusal } from './support.js'

export const lostClaimReply: ConformanceCase = {
  id: 'faults/claim-lost-reply',
  law: 'CLAIM-11',
  title: 'a claim whose reply was lost is recognised when it is sent again',
  needs: [],
  async run(world) {
    const [client, other] = [await world.client('client'), await world.client('other')]
    const { id } = await other.post('job')
    await client.fault({ member: 'claim', kind: 'lostReply', times: 2 })
    const claim = await arrival(world, 'the claim is answered', client.claim(id))
    assert.equal(await client.faultsLeft(), 0, 'the replies were lost')
    assert.equal(claim.attempt, 1, 'it was one claim')
    assert.equal((await other.find(id))?.token, claim.token)
    await claim.consume()
  },
}

export const lostNextReply: ConformanceCase = {
  id: 'faults/claim-next-lost-reply',
  law: 'CLAIM-11',
  title: 'a claim of the next job whose reply was lost is recognised, and takes no second job',
  needs: [],
  async run(world) {
    const [client, other] = [await world.client('client'), await world.client('other')]
    await other.post('one')
    await other.post('two')
    await client.fault({ member: ['claim', 'claimNext'], kind: 'lostReply' })
    const claim = await arrival(world, 'the claim is answered', client.claimNext())
    assert.equal(await client.faultsLeft(), 0, 'the reply was lost')
    const claimed = await other.list({ state: 'claimed', ensureFresh: true })
    assert.deepEqual(
      claimed.map(({ id, token }) => [id, token]),
      [[claim?.jobId, claim?.token]],
    )
  },
}

export const claimSentAgain: ConformanceCase = {
  id: 'faults/claim-sent-again',
  law: 'CLAIM-11',
  title: 'the same try sent again answers with the same claim, alone or among others',
  needs: [],
  async run(world) {
    await using bare = await BareDriver.open(world)
    const session = await bare.session()
    const jobId = await bare.post('job')
    const grant = await bare.take(session, jobId)
    const again = await bare.take(session, jobId, grant.claimId)
    assert.deepEqual([again.token, again.job.attempts], [grant.token, 1])

    const tries = [
      { jobId: bare.id(), claimId: bare.id(), owner: 'bare' },
      { jobId, claimId: grant.claimId, owner: 'bare' },
    ]
    const answers = await bare.driver.claim(session, tries)
    assert.deepEqual(
      answers.map(answer => answer.kind),
      ['missing', 'claimed'],
    )
  },
}

export const nextSentAgain: ConformanceCase = {
  id: 'faults/claim-next-sent-again',
  law: 'CLAIM-11',
  title: 'where the backend chooses, the same wish sent again answers with the same claim',
  needs: [],
  async run(world) {
    await using bare = await BareDriver.open(world)
    const session = await bare.session()
    const [first, second] = [await bare.post('first'), await bare.post('second')]
    const wish = { claimId: bare.id(), owner: 'bare' }
    const send = async () => {
      // Core stands in with claims by id for drivers that do not choose.
      if (bare.driver.claimNext === undefined) return bare.claim(session, first, wish.claimId)
      return only(await bare.driver.claimNext(session, [wish]))
    }
    const [grant, again] = [await send(), await send()]
    assert.ok(grant.kind === 'claimed' && again.kind === 'claimed')
    assert.equal(again.token, grant.token)
    assert.equal(await bare.standing(second), 'UNCLAIMED', 'no second job was taken')
  },
}

export const endedClaimArrivesLate: ConformanceCase = {
  id: 'faults/claim-arrives-late',
  law: 'SETTLE-3',
  title: 'a claim that ended leaves a receipt, so that its try, arriving late, is not granted again',
  needs: [],
  async run(world) {
    await using bare = await BareDriver.open(world)
    const session = await bare.session()
    const jobId = await bare.post('job')
    const { claimId, token } = await bare.take(session, jobId)
    await bare.settle(session, { jobId, claimId, token, how: 'abandon', delayMs: 0, failed: false })
    assert.equal((await bare.claim(session, jobId, claimId)).kind, 'ended')
    assert.equal(await bare.standing(jobId), 'UNCLAIMED')
  },
}

export const lostPostReply: ConformanceCase = {
  id: 'faults/post-lost-reply',
  law: 'POST-3',
  title: 'a post whose reply was lost is sent again by the board, and makes one job',
  needs: [],
  async run(world) {
    const client = await world.client('client')
    await client.fault({ member: 'post', kind: 'lostReply' })
    const job = await arrival(world, 'the post is acknowledged', client.post('once'))
    assert.equal(await client.faultsLeft(), 0, 'the reply was lost')
    assert.equal(job.state, 'UNCLAIMED')
    assert.deepEqual(idsOf(await client.list({ ensureFresh: true })), [job.id])
  },
}

export const doubledSends: ConformanceCase = {
  id: 'faults/doubled-sends',
  law: 'FAULT-3',
  title: 'a request that the backend hears twice has the effect of one',
  needs: [],
  async run(world) {
    const [client, other] = [await world.client('client'), await world.client('other')]
    const doubled = (member: Fault['member']) => client.fault({ member, kind: 'doubled' })
    await doubled('post')
    const [job, next] = [await client.post('job'), await client.post('next')]
    await doubled('startSession')
    await doubled('claim')
    const claim = await client.claim(job.id)
    assert.equal(claim.attempt, 1)
    await doubled('abandon')
    await claim.abandon({ failure: true })
    assert.equal((await other.find(job.id))?.failures, 1)
    await doubled('trash')
    await (await client.claim(job.id)).trash({ reason: 'no use' })
    await doubled('consume')
    await (await client.claim(next.id)).consume()
    assert.equal(await client.faultsLeft(), 0, 'every request was doubled')
    assert.deepEqual(await other.count(), { unclaimed: 0, delayed: 0, claimed: 0, trashed: 1 })
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
    assert.deepEqual(await client.count(), { unclaimed: 0, delayed: 0, claimed: 0, trashed: 0 })
  },
}

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
    const claim = await arrival(world, 'the claim is answered', client.claimNext())
    assert.equal(claim?.jobId, id)
    for (const how of ['abandon', 'trash'] as const) {
      await client.fault({ member: how, kind: 'lostRequest' })
      const held = how === 'abandon' ? claim : await client.claim(id)
      await arrival(world, `the ${how} is answered`, how === 'abandon' ? held.abandon() : held.trash(why))
    }
    await client.restore(id)
    await client.fault({ member: 'consume', kind: 'lostRequest' })
    await arrival(world, 'the consume is answered', (await client.claim(id)).consume())
    assert.equal(await client.faultsLeft(), 0, 'every request was lost once')
    assert.deepEqual(await client.count(), { unclaimed: 0, delayed: 0, claimed: 0, trashed: 0 })
  },
}

export const lateArrivals: ConformanceCase = {
  id: 'faults/late-arrivals',
  law: 'FAULT-3',
  title: 'a request that was thought lost and arrives late changes nothing any more',
  needs: [],
  async run(world) {
    const [client, other] = [await world.client('client'), await world.client('other')]
    const { id } = await other.post('job')
    await client.fault({ member: 'post', kind: 'lateArrival' })
    const posted = await arrival(world, 'the post is answered', client.post('posted'))
    await client.fault({ member: 'claim', kind: 'lateArrival' })
    const claim = await arrival(world, 'the claim is answered', client.claim(id))
    await client.fault({ member: 'abandon', kind: 'lateArrival' })
    await arrival(world, 'the abandon is answered', claim.abandon())
    await client.fault({ member: 'consume', kind: 'lateArrival' })
    await arrival(world, 'the consume is answered', (await client.claim(posted.id)).consume())
    assert.equal(await client.faultsLeft(), 0, 'every request is late')

    const current = await other.claim(id)
    await client.releaseLate()
    await current.assertHeld()
    assert.equal((await other.find(id))?.token, current.token, 'the claim of the other stands')
    assert.equal(await other.find(posted.id), undefined, 'what was consumed is not posted again')
  },
}

export const unknownPost: ConformanceCase = {
  id: 'faults/unknown-post',
  law: 'FAULT-3',
  title: 'a post whose outcome could not be learned says so, and calling again with its id settles it',
  needs: [],
  async run(world) {
    const client = await world.client('client', { requestTimeoutMs: Math.ceil(world.ttlMs / 3) })
    const id = world.random.uuid()
    await client.fault({ member: 'post', kind: 'lostReply', times: 1_000 })
    await lateRefusal(world, 'the post ends', client.post('job', { id }), 'JOBBOARD_OUTCOME_UNKNOWN')
    await client.liftFaults()
    assert.equal((await client.post('job', { id })).state, 'UNCLAIMED')
    assert.equal((await client.list({ ensureFresh: true })).length, 1)
  },
}

export const unknownEnding: ConformanceCase = {
  id: 'faults/unknown-ending',
  law: 'FAULT-3',
  title:
    'an ending whose outcome could not be learned says so, and calling again on the same claim settles it',
  needs: [],
  async run(world) {
    const client = await world.client('client', { requestTimeoutMs: Math.ceil(world.ttlMs / 4) })
    for (const kind of ['lostReply', 'lostRequest', 'hang'] as const) {
      const { id } = await client.post(kind)
      const claim = await client.claim(id)
      await client.fault({ member: 'consume', kind, times: 1_000 })
      await lateRefusal(world, 'the consume ends', claim.consume(), 'JOBBOARD_OUTCOME_UNKNOWN')
      await client.liftFaults()
      await arrival(world, 'the second call is answered', claim.consume())
      assert.equal(await client.find(id), undefined, kind)
    }
  },
}

export const unknownClaim: ConformanceCase = {
  id: 'faults/unknown-claim',
  law: 'FAULT-3',
  title: 'a claim whose outcome could not be learned says so, and keeps the job from nobody',
  needs: [],
  async run(world) {
    const requestTimeoutMs = Math.ceil(world.ttlMs / 4)
    const [client, other] = [await world.client('client', { requestTimeoutMs }), await world.client('other')]
    const { id } = await other.post('job')
    const kept = await client.claim((await other.post('kept')).id)
    await client.fault({ member: 'claim', kind: 'lostReply', times: 1_000 })
    await lateRefusal(world, 'the claim ends', client.claim(id), 'JOBBOARD_OUTCOME_UNKNOWN')
    await client.liftFaults()
    await world.eventually('the job is claimable by others', () => other.claim(id), {
      withinMs: world.takeoverMs,
    })
    const { state } = await kept.status()
    assert.ok(state === 'held' || state === 'lost', 'the other claim is held, or its owner was told')
  },
}

const why = { reason: 'no use' } as const
