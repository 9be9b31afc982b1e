import assert from 'node:assert/strict'
import type { Ending } from '@jobboard/core/driver'
import type { ConformanceCase } from '../case.js'
import { BareDriver, endingOf } from './bare.js'
import { arrival, lateRefusal, outcomeOf } from './support.js'

type How = Ending['how']

export const consumeAgain: ConformanceCase = sentAgain('consume')
export const abandonAgain: ConformanceCase = sentAgain('abandon')
export const trashAgain: ConformanceCase = sentAgain('trash')

export const lostConsumeReply: ConformanceCase = lostReply('consume', 'COMPLETE')
export const lostAbandonReply: ConformanceCase = lostReply('abandon', false)
export const lostTrashReply: ConformanceCase = lostReply('trash', 'TRASHED')

export const otherEndingAgain: ConformanceCase = {
  id: 'settling/other-ending-again',
  law: 'SETTLE-3',
  title: 'after an ending took place, any ending of the same claim answers with that one and changes nothing',
  needs: [],
  async run(world) {
    await using bare = await BareDriver.open(world)
    const session = await bare.session()
    for (const first of ['consume', 'abandon', 'trash'] as const) {
      const jobId = await bare.post('job')
      const grant = await bare.take(session, jobId)
      await bare.settle(session, endingOf(grant, first))
      const standing = await bare.standing(jobId)
      for (const second of ['consume', 'abandon', 'trash'] as const) {
        const answer = await bare.settle(session, endingOf(grant, second))
        assert.deepEqual(answer, { kind: 'settled', how: first }, `${first}, then ${second}`)
        assert.equal(await bare.standing(jobId), standing, `${first}, then ${second}`)
      }
    }
  },
}

export const receiptOfTheSession: ConformanceCase = {
  id: 'settling/receipt-outlives-session',
  law: 'SETTLE-3',
  title: 'an ending sent again is recognised also after the job was claimed by others, and after the session',
  needs: [],
  async run(world) {
    await using bare = await BareDriver.open(world)
    const [session, other] = [await bare.session(), await bare.session()]
    const jobId = await bare.post('job')
    const grant = await bare.take(session, jobId)
    await bare.settle(session, endingOf(grant, 'abandon'))
    const next = await bare.take(other, jobId)
    assert.deepEqual(await bare.settle(session, endingOf(grant, 'abandon')), {
      kind: 'settled',
      how: 'abandon',
    })
    await bare.driver.endSession(session, 'closed')
    assert.deepEqual(await bare.settle(session, endingOf(grant, 'abandon')), {
      kind: 'settled',
      how: 'abandon',
    })
    assert.equal((await bare.settle(other, endingOf(next, 'consume'))).kind, 'settled')
  },
}

export const receiptsHold: ConformanceCase = {
  id: 'settling/receipts-hold',
  law: 'SETTLE-3',
  title: 'a receipt is there while the board is told to remember',
  needs: [],
  async run(world) {
    const rememberMs = world.ttlMs * 4
    await using bare = await BareDriver.open(world, { rememberMs })
    const session = await bare.session()
    const endings: Ending[] = []
    for (const how of ['consume', 'abandon', 'trash'] as const) {
      endings.push(endingOf(await bare.take(session, await bare.post(how)), how))
    }
    await bare.driver.settle(session, endings)
    const forgotten = async () => {
      const answers = (await bare.driver.settle(session, endings)).endings
      return answers.some((answer, i) => answer.kind !== 'settled' || answer.how !== endings[i]?.how)
    }
    await world.never('a receipt is forgotten', forgotten, { duringMs: rememberMs / 2 })
  },
}

export const doubledEndings: ConformanceCase = {
  id: 'settling/endings-doubled',
  law: 'SETTLE-3',
  title: 'an ending that the backend is asked for twice takes place once',
  needs: [],
  async run(world) {
    const client = await world.client('client')
    const { id } = await client.post('job')
    await client.fault({ member: 'abandon', kind: 'doubled' })
    await (await client.claim(id)).abandon({ failure: true })
    assert.equal((await client.find(id))?.failures, 1)
    await client.fault({ member: 'trash', kind: 'doubled' })
    await (await client.claim(id)).trash({ reason: 'no use' })
    await client.restore(id)
    await client.fault({ member: 'consume', kind: 'doubled' })
    await (await client.claim(id)).consume()
    assert.equal(await client.faultsLeft(), 0, 'every ending was doubled')
  },
}

export const unknownEnding: ConformanceCase = {
  id: 'settling/ending-unknown',
  law: 'SETTLE-3',
  title:
    'an ending that took place, but whose caller gave up waiting, is acknowledged when it is called again',
  needs: [],
  async run(world) {
    const client = await world.client('client', { requestTimeoutMs: Math.ceil(world.ttlMs / 2) })
    const claim = await client.claim((await client.post('job')).id)
    await client.fault({ member: 'consume', kind: 'lostReply', times: 1_000 })
    await lateRefusal(world, 'the consume ends', claim.consume(), 'JOBBOARD_OUTCOME_UNKNOWN')
    await client.liftFaults()
    await arrival(world, 'the second call is answered', claim.consume())
    assert.equal((await claim.status()).state, 'settled')
  },
}

export const noReceipts: ConformanceCase = {
  id: 'settling/no-receipts',
  law: 'SETTLE-3',
  title: 'with rememberMs 0 endings work, and one whose reply is lost is not reported as done',
  needs: [],
  async run(world) {
    const client = await world.client('client', { rememberMs: 0 })
    const [plain, lossy] = [await client.post('plain'), await client.post('lossy')]
    await (await client.claim(plain.id)).consume()
    const claim = await client.claim(lossy.id)
    await client.fault({ member: 'consume', kind: 'lostReply' })
    const codes = ['JOBBOARD_OUTCOME_UNKNOWN', 'JOBBOARD_CLAIM_LOST'] as const
    await lateRefusal(world, 'the ending is answered', claim.consume(), ...codes)
    assert.equal(await client.find(lossy.id), undefined, 'it took place all the same')
  },
}

function sentAgain(how: How): ConformanceCase {
  return {
    id: `settling/${how}-again`,
    law: 'SETTLE-3',
    title: `a ${how} sent again succeeds for its own claim, and for no other`,
    needs: [],
    async run(world) {
      await using bare = await BareDriver.open(world)
      const session = await bare.session()
      const jobId = await bare.post('job')
      const grant = await bare.take(session, jobId)
      const ending = endingOf(grant, how)
      for (const send of ['first', 'second', 'third']) {
        assert.deepEqual(await bare.settle(session, ending), { kind: 'settled', how }, `the ${send} send`)
      }
      assert.equal((await bare.settle(session, { ...ending, claimId: bare.id() })).kind, 'lost')
    },
  }
}

function lostReply(how: How, outcome: 'COMPLETE' | 'TRASHED' | false): ConformanceCase {
  return {
    id: `settling/${how}-lost-reply`,
    law: 'SETTLE-3',
    title: `a ${how} whose reply was lost succeeds, once`,
    needs: [],
    async run(world) {
      const client = await world.client('client')
      const { id } = await client.post('job')
      const claim = await client.claim(id)
      await client.fault({ member: how, kind: 'lostReply' })
      const call = how === 'trash' ? claim.trash({ reason: 'no use' }) : claim[how]()
      const { error } = await arrival(world, 'the ending is answered', outcomeOf(call))
      assert.equal(error, undefined)
      assert.equal(await client.faultsLeft(), 0, 'the reply was lost')
      assert.equal((await claim.status()).state, 'settled')
      assert.equal(await client.waitForEnd(id, { timeoutMs: 0 }), outcome)
    },
  }
}
