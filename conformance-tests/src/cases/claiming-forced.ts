import assert from 'node:assert/strict'
import type { ConformanceCase } from '../case.js'
import { BareDriver, boardHere } from './bare.js'
import { refusal } from './support.js'

export const forceTheClaimSeen: ConformanceCase = {
  id: 'claiming/force-the-claim-seen',
  law: 'CLAIM-13',
  title:
    'an operator ends the claim whose token they saw; it counts as lost and the job is claimable at once',
  needs: [],
  async run(world) {
    const [owner, operator] = [await world.client('owner'), await world.client('operator')]
    const { id } = await owner.post('job')
    await owner.claim(id)
    const { token } = (await operator.find(id)) ?? assert.fail()
    await operator.forceRelease(id, { token: `${token}`, reason: 'stuck' })

    const { state, losses, failures } = (await operator.find(id)) ?? assert.fail()
    assert.deepEqual({ state, losses, failures }, { state: 'UNCLAIMED', losses: 1, failures: 1 })
    await operator.claim(id)
  },
}

export const forceNoOtherClaim: ConformanceCase = {
  id: 'claiming/force-no-other-claim',
  law: 'CLAIM-13',
  title: 'with the token of an older claim nothing is ended',
  needs: [],
  async run(world) {
    const [first, second] = [await world.client('first'), await world.client('second')]
    const { id } = await first.post('job')
    const older = await first.claim(id)
    await older.abandon()
    const current = await second.claim(id)
    for (const token of [older.token, current.token + 1n]) {
      await refusal(first.forceRelease(id, { token: `${token}`, reason: 'stuck' }), 'JOBBOARD_CLAIM_CHANGED')
    }
    assert.equal((await first.find(id))?.token, current.token)
    await current.consume()
  },
}

export const forceAny: ConformanceCase = {
  id: 'claiming/force-any',
  law: 'CLAIM-13',
  title: 'with "any" whatever claim the job has is ended; without a claim or a job the operator is told',
  needs: [],
  async run(world) {
    const [owner, operator] = [await world.client('owner'), await world.client('operator')]
    const { id } = await owner.post('job')
    const force = (jobId: string) => operator.forceRelease(jobId, { token: 'any', reason: 'stuck' })
    await owner.claim(id)
    await force(id)
    assert.equal((await operator.find(id))?.state, 'UNCLAIMED')
    await refusal(force(id), 'JOBBOARD_CLAIM_CHANGED')
    await refusal(force(world.random.uuid()), 'JOBBOARD_JOB_NOT_FOUND')
  },
}

export const forceAgain: ConformanceCase = {
  id: 'claiming/force-again',
  law: 'CLAIM-13',
  title: 'an order that is sent again after it took place is answered as done, and ends no later claim',
  needs: [],
  async run(world) {
    await using bare = await BareDriver.open(world)
    const session = await bare.session()
    const jobId = await bare.post('job')
    const { token } = await bare.take(session, jobId)
    const force = () => bare.driver.administer({ kind: 'force', jobId, token, reason: 'stuck' })
    assert.equal((await force()).kind, 'released')
    assert.equal((await force()).kind, 'released', 'sent again')
    await bare.take(session, jobId)
    await force()
    assert.equal(await bare.standing(jobId), 'CLAIMED', 'the next claim stands')
  },
}

export const forceTellsWhy: ConformanceCase = {
  id: 'claiming/force-tells-why',
  law: 'CLAIM-13',
  title: 'what the operator said is kept with the job, and told to the next owner',
  needs: [],
  async run(world) {
    await using here = await boardHere(world)
    const { board } = here
    const job = await board.post('job')
    const { fencingToken: token } = await board.claim(job, 'alice')
    const reason = "it hangs; see 'ticket 7' 書\nand the log"
    await board.forceRelease(job, { token, reason })
    const lostBy = (await board.find(job))?.lostBy
    assert.deepEqual([lostBy?.owner, lostBy?.cause, lostBy?.reason], ['alice', 'forced', reason])
    const { previous = lostBy } = await board.claim(job)
    assert.equal(previous?.reason, reason, 'wherever it is told that the claim is a takeover')
  },
}
