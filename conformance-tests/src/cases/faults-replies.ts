import assert from 'node:assert/strict'
import type { ConformanceCase } from '../case.js'
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
      { jobId: await bare.post('another'), claimId: bare.id(), owner: 'bare' },
      { jobId, claimId: grant.claimId, owner: 'bare' },
    ]
    const answers = await bare.driver.claim(session, tries)
    assert.deepEqual(
      answers.map(answer => answer.kind === 'claimed' && answer.token === grant.token),
      [false, true],
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
    const standings = [await bare.standing(first), await bare.standing(second)]
    assert.deepEqual(standings.sort(), ['CLAIMED', 'UNCLAIMED'], 'no second job was taken')
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

export const doubledClaim: ConformanceCase = {
  id: 'faults/claim-doubled',
  law: 'CLAIM-11',
  title: 'a session and a claim that the backend is asked for twice are made once',
  needs: [],
  async run(world) {
    const [client, other] = [await world.client('client'), await world.client('other')]
    const { id } = await other.post('job')
    await client.fault({ member: 'startSession', kind: 'doubled' })
    await client.fault({ member: 'claim', kind: 'doubled' })
    const claim = await client.claim(id)
    assert.equal(await client.faultsLeft(), 0, 'both were doubled')
    assert.equal(claim.attempt, 1)
    assert.equal((await other.find(id))?.token, claim.token)
  },
}

export const lateClaim: ConformanceCase = {
  id: 'faults/claim-late',
  law: 'CLAIM-11',
  title: 'a claim that arrives late, when it was sent again and granted, is the same claim',
  needs: [],
  async run(world) {
    const [client, other] = [await world.client('client'), await world.client('other')]
    const { id } = await other.post('job')
    await client.fault({ member: 'claim', kind: 'lateArrival' })
    const claim = await arrival(world, 'the claim is answered', client.claim(id))
    await client.releaseLate()
    const { token, attempts } = (await other.find(id)) ?? assert.fail()
    assert.deepEqual([token, attempts], [claim.token, 1])
    await claim.consume()
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

export const latePost: ConformanceCase = {
  id: 'faults/post-late',
  law: 'POST-3',
  title: 'a post that arrives twice, or late when its job was consumed, makes no second job',
  needs: [],
  async run(world) {
    const client = await world.client('client')
    await client.fault({ member: 'post', kind: 'lateArrival' })
    await client.fault({ member: 'post', kind: 'doubled' })
    const { id } = await arrival(world, 'the post is acknowledged', client.post('once'))
    assert.deepEqual(idsOf(await client.list({ ensureFresh: true })), [id])
    await (await client.claim(id)).consume()
    await client.releaseLate()
    assert.deepEqual(await client.list({ ensureFresh: true }), [])
  },
}

export const unknownPost: ConformanceCase = {
  id: 'faults/post-unknown',
  law: 'POST-3',
  title: 'a post whose outcome could not be learned is settled by calling again with its id',
  needs: [],
  async run(world) {
    const client = await world.client('client', { requestTimeoutMs: Math.ceil(world.ttlMs / 2) })
    const id = world.random.uuid()
    await client.fault({ member: 'post', kind: 'lostReply', times: 1_000 })
    await lateRefusal(world, 'the post ends', client.post('job', { id }), 'JOBBOARD_OUTCOME_UNKNOWN')
    await client.liftFaults()
    assert.equal((await client.post('job', { id })).state, 'UNCLAIMED')
    assert.deepEqual(idsOf(await client.list({ ensureFresh: true })), [id])
  },
}
