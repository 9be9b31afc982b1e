import assert from 'node:assert/strict'
import type { ConformanceCase } from '../case.js'
import { BareDriver } from './bare.js'
import { arrival, begun, idsOf, lateRefusal, refusal, upTo } from './support.js'

export const lastsWhileRenewed: ConformanceCase = {
  id: 'expiry/lasts-while-renewed',
  law: 'CLAIM-7',
  title: 'claims last as long as their session, and one renewal keeps all of them, however many',
  needs: [],
  async run(world) {
    const [owner, other] = [await world.client('owner'), await world.client('other')]
    const ids = idsOf(await Promise.all(upTo(300).map(i => owner.post(`job ${i}`))))
    const claims = await Promise.all(ids.map(id => owner.claim(id)))
    const before = (await owner.calls())['renew'] ?? 0

    await world.never('a claim is free for others', async () => (await other.claimNext()) !== undefined, {
      duringMs: world.ttlMs * 2.5,
    })
    const renewals = ((await owner.calls())['renew'] ?? 0) - before
    // A third of the time to live each, and as many again for a slow machine.
    assert.ok(renewals >= 2 && renewals <= 16, `${renewals} renewals for 300 claims`)
    for (const claim of claims.slice(0, 10)) await claim.assertHeld()
    await claims[299]?.consume()
  },
}

export const ghostIsEnded: ConformanceCase = {
  id: 'expiry/ghost-is-ended',
  law: 'CLAIM-7',
  title: 'a claim that arrives late, when nobody waits for it any more, does not keep its job',
  needs: [],
  async run(world) {
    // Without receipts nothing tells the late claim from a new one.
    const [owner, other] = [await world.client('owner', { rememberMs: 0 }), await world.client('other')]
    const [kept, ghost] = [await other.post('kept'), await other.post('ghost')]
    const claim = await owner.claim(kept.id) // keeps the session in use
    await owner.fault({ member: 'claim', kind: 'lateArrival' })
    await (await arrival(world, 'the claim is made', owner.claim(ghost.id))).abandon()
    await owner.releaseLate()

    await world.eventually('the job is claimable by others', () => other.claim(ghost.id))
    await claim.assertHeld()
  },
}

export const unknownClaimIsEnded: ConformanceCase = {
  id: 'expiry/unknown-claim-is-ended',
  law: 'CLAIM-7',
  title: 'a claim whose caller gave up waiting, but which was made, keeps the job from nobody',
  needs: [],
  async run(world) {
    const requestTimeoutMs = Math.ceil(world.ttlMs / 2)
    const [client, other] = [await world.client('client', { requestTimeoutMs }), await world.client('other')]
    const { id } = await other.post('job')
    const kept = await client.claim((await other.post('kept')).id)
    await client.fault({ member: 'claim', kind: 'lostReply', times: 1_000 })
    await lateRefusal(world, 'the claim ends', client.claim(id), 'JOBBOARD_OUTCOME_UNKNOWN')
    await client.liftFaults()
    await world.eventually('the job is claimable by others', () => other.claim(id))
    const { state } = await kept.status()
    assert.ok(state === 'held' || state === 'lost', 'the other claim is held, or its owner was told')
  },
}

export const unnamedIsTold: ConformanceCase = {
  id: 'expiry/unnamed-is-told',
  law: 'CLAIM-7',
  title:
    'a renewal tells of claims that the backend has and the session does not know, and leaves the others alone',
  needs: [],
  async run(world) {
    await using bare = await BareDriver.open(world)
    const session = await bare.session()
    const [known, ghost] = [await bare.post('known'), await bare.post('ghost')]
    const held = (await bare.take(session, known)).claimId
    const { claimId, token } = await bare.take(session, ghost)
    const answer = await bare.renew(session, [held])
    assert.deepEqual(answer, { kind: 'alive', lost: [], unnamed: [{ jobId: ghost, claimId, token }] })
  },
}

export const unknownIsLost: ConformanceCase = {
  id: 'expiry/unknown-is-lost',
  law: 'CLAIM-7',
  title: 'a renewal answers as lost what the session has and the backend does not',
  needs: [],
  async run(world) {
    await using bare = await BareDriver.open(world)
    const [session, other] = [await bare.session(), await bare.session()]
    const [kept, settled] = [await bare.post('kept'), await bare.post('settled')]
    const held = (await bare.take(session, kept)).claimId
    const foreign = (await bare.take(other, settled)).claimId
    const madeUp = bare.id()
    const answer = await bare.renew(session, [held, foreign, madeUp])
    assert.ok(answer.kind === 'alive')
    const lost = answer.lost.map(({ claimId }) => claimId)
    assert.deepEqual(lost.sort(), [foreign, madeUp].sort())
  },
}

export const deadOwner: ConformanceCase = {
  id: 'expiry/dead-owner',
  law: 'CLAIM-9',
  title: "a dead owner's job is claimable in time, and an idle waiter notices by itself",
  needs: [],
  async run(world) {
    const [dead, idle] = [await world.client('dead'), await world.client('idle')]
    const { id } = await idle.post('job')
    await dead.claim(id)
    const run = await idle.claims()
    const next = begun(run.next())
    await dead.kill()
    const claim = await arrival(world, 'the waiter gets the job', next, world.takeoverMs)
    assert.equal(claim?.jobId, id)
    await run.stop()
  },
}

export const deadOwnersJobs: ConformanceCase = {
  id: 'expiry/all-jobs-of-the-dead',
  law: 'CLAIM-9',
  title: 'all jobs of a dead owner are claimable in time, and nobody has to clean up',
  needs: [],
  async run(world) {
    const [dead, heir] = [await world.client('dead'), await world.client('heir')]
    const ids = idsOf(await Promise.all(upTo(20).map(i => heir.post(`job ${i}`))))
    await Promise.all(ids.map(id => dead.claim(id)))
    await dead.kill()
    const free = async () =>
      (await heir.list({ state: 'unclaimed', ensureFresh: true })).length === ids.length
    await world.eventually('all jobs are unclaimed', free, { withinMs: world.takeoverMs })
    for (const id of ids) await (await heir.claim(id)).consume()
  },
}

export const shortOutage: ConformanceCase = {
  id: 'expiry/short-outage',
  law: 'CLAIM-10',
  title: 'a loss of connection well under the time to live loses no claim',
  needs: [],
  async run(world) {
    const [owner, other] = [await world.client('owner'), await world.client('other')]
    const { id } = await owner.post('job')
    const claim = await owner.claim(id)
    await owner.fault({ member: 'any', kind: 'down' })
    await world.elapse(world.ttlMs / 4)
    await owner.liftFaults()
    await world.never('the claim is lost', async () => (await claim.status()).aborted, {
      duringMs: world.ttlMs * 1.2,
    })
    await refusal(other.claim(id), 'JOBBOARD_ALREADY_CLAIMED')
    await claim.consume()
  },
}

export const renewalsAfterOutage: ConformanceCase = {
  id: 'expiry/one-renewal-lost',
  law: 'CLAIM-10',
  title: 'a renewal that is lost, or whose reply is lost, is made up for in time',
  needs: [],
  async run(world) {
    const owner = await world.client('owner')
    const claim = await owner.claim((await owner.post('job')).id)
    const renewals = async () => (await owner.calls())['renew'] ?? 0
    // One at a time: two in a row may take all the time that there is before the owner must give up.
    for (const kind of ['lostRequest', 'lostReply'] as const) {
      await owner.fault({ member: 'renew', kind })
      await world.eventually(`the ${kind} strikes`, async () => (await owner.faultsLeft()) === 0)
      const before = await renewals()
      await world.eventually('the next renewal passes', async () => (await renewals()) >= before + 2)
    }
    await world.never('the claim is lost', async () => (await claim.status()).aborted, {
      duringMs: world.ttlMs,
    })
    await claim.consume()
  },
}

export const neverRevived: ConformanceCase = {
  id: 'expiry/never-revived',
  law: 'CLAIM-14',
  title: "a session that the backend's clock expired is never revived, by a renewal or by a claim",
  needs: [],
  async run(world) {
    await using bare = await BareDriver.open(world)
    const session = await bare.session(world.ttlMs)
    const jobId = await bare.post('job')
    const { claimId } = await bare.take(session, jobId)
    await world.eventually('the session is over', async () => (await bare.standing(jobId)) === 'UNCLAIMED')
    assert.equal((await bare.renew(session, [claimId])).kind, 'over')
    assert.equal((await bare.claim(session, jobId)).kind, 'over')
    assert.equal(await bare.standing(jobId), 'UNCLAIMED', 'the job stays free')
  },
}

export const endedStaysEnded: ConformanceCase = {
  id: 'expiry/ended-stays-ended',
  law: 'CLAIM-14',
  title: 'a session that was ended is over for renewals and claims, and ending it again is no error',
  needs: [],
  async run(world) {
    await using bare = await BareDriver.open(world)
    const session = await bare.session()
    const jobId = await bare.post('job')
    const { claimId } = await bare.take(session, jobId)
    await bare.driver.endSession(session, 'lost')
    assert.equal(await bare.standing(jobId), 'UNCLAIMED', 'its claims are given back at once')
    assert.equal((await bare.renew(session, [claimId])).kind, 'over')
    assert.equal((await bare.claim(session, jobId)).kind, 'over')
    await bare.driver.endSession(session, 'lost')
  },
}

export const givenUpIsEnded: ConformanceCase = {
  id: 'expiry/given-up-is-ended',
  law: 'CLAIM-14',
  title: 'a session that its owner gave up stays given up when the backend is back, and ends there',
  needs: [],
  async run(world) {
    const [owner, other] = [await world.client('owner'), await world.client('other')]
    const { id } = await owner.post('job')
    const claim = await owner.claim(id)
    await owner.fault({ member: 'any', kind: 'down' })
    await world.eventually('the owner gives up', async () => (await claim.status()).aborted, {
      withinMs: world.ttlMs,
    })
    await owner.liftFaults()
    await world.eventually('the job is claimable', () => other.claim(id))
    assert.equal((await claim.status()).state, 'lost')
    const next = await owner.post('next')
    await (await owner.claim(next.id)).consume() // in a new session
  },
}
