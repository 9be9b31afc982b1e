import assert from 'node:assert/strict'
import type { ConformanceCase } from '../case.js'
import type { ClientClaim } from '../world.js'
import { refusal } from './support.js'

export const toldBeforeOthers: ConformanceCase = {
  id: 'expiry/told-before-others',
  law: 'CLAIM-8',
  title: 'an owner that is cut off from the backend is told of the loss before anyone else can claim',
  needs: [],
  async run(world) {
    const [owner, other] = [await world.client('owner'), await world.client('other')]
    const { id } = await owner.post('job')
    const claim = await owner.claim(id)
    await owner.fault({ member: 'any', kind: 'down' })
    await world.eventually('somebody else claims', () => other.claim(id))
    await assertLost(claim)
  },
}

export const countedFromAcknowledged: ConformanceCase = {
  id: 'expiry/counted-from-acknowledged',
  law: 'CLAIM-8',
  title: 'renewals whose replies are lost prove nothing: the owner gives up in time',
  needs: [],
  async run(world) {
    const owner = await world.client('owner')
    const claim = await owner.claim((await owner.post('job')).id)
    await owner.fault({ member: ['renew', 'endSession'], kind: 'lostReply', times: 1_000 })
    await world.eventually('the owner gives up', async () => (await claim.status()).aborted, {
      withinMs: world.ttlMs,
    })
    await assertLost(claim)
  },
}

export const deadlineMoves: ConformanceCase = {
  id: 'expiry/deadline-moves',
  law: 'CLAIM-8',
  title: 'the deadline of a claim lies within the time to live, and moves on with each renewal',
  needs: [],
  async run(world) {
    const owner = await world.client('owner')
    const clock = world.clock()
    const claim = await owner.claim((await owner.post('job')).id)
    const deadline = async () => Date.parse((await claim.status()).deadline)
    const first = await deadline()
    assert.ok(
      first > clock.now() && first <= clock.now() + world.ttlMs,
      'before the backend may give it to others',
    )
    await world.eventually('the deadline moves', async () => (await deadline()) > first, {
      withinMs: world.ttlMs,
    })
    assert.ok((await deadline()) <= clock.now() + world.ttlMs)
    await claim.assertHeld()
  },
}

export const forcedIsTold: ConformanceCase = {
  id: 'expiry/forced-is-told',
  law: 'CLAIM-8',
  title: 'an owner whose claim was forced is told within one renewal, and keeps its other claims',
  needs: [],
  async run(world) {
    const [owner, operator] = [await world.client('owner'), await world.client('operator')]
    const [forced, kept] = [await owner.post('forced'), await owner.post('kept')]
    const [lost, held] = [await owner.claim(forced.id), await owner.claim(kept.id)]
    await operator.forceRelease(forced.id, { token: `${lost.token}`, reason: 'stuck' })
    // A third of the time to live, and as much again for the renewal itself.
    await world.eventually('the owner is told', async () => (await lost.status()).aborted, {
      withinMs: (world.ttlMs * 2) / 3,
    })
    await assertLost(lost)
    await held.assertHeld()
    const told = (await owner.events()).filter(({ event }) => event === 'claimLost')
    assert.deepEqual(
      told.map(({ jobId }) => jobId),
      [forced.id],
    )
  },
}

export const wokenLearns: ConformanceCase = {
  id: 'expiry/woken-learns',
  law: 'CLAIM-8',
  title: 'an owner that stood still past its time learns of the loss when it looks, and by signal',
  needs: [],
  async run(world) {
    const [sleeper, other] = [await world.client('sleeper'), await world.client('other')]
    const { id } = await sleeper.post('job')
    const claim = await sleeper.claim(id)
    await sleeper.freeze()
    const next = await world.eventually('the claim runs out', () => other.claim(id))
    await sleeper.thaw()
    await refusal(claim.assertHeld(), 'JOBBOARD_CLAIM_LOST')
    await world.eventually('its signal aborts', async () => (await claim.status()).aborted)
    await next.assertHeld()
  },
}

async function assertLost(claim: ClientClaim): Promise<void> {
  const { state, aborted } = await claim.status()
  assert.deepEqual({ state, aborted }, { state: 'lost', aborted: true })
  await refusal(claim.assertHeld(), 'JOBBOARD_CLAIM_LOST')
}
