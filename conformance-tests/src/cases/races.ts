import assert from 'node:assert/strict'
import type { ConformanceCase } from '../case.js'
import type { ClientClaim, World } from '../world.js'
import { BareDriver } from './bare.js'
import { idsOf, outcomeOf, upTo } from './support.js'

export const oneWinner: ConformanceCase = {
  id: 'races/one-winner',
  law: 'CLAIM-1',
  title: 'of several clients that claim one job at once exactly one gets it',
  needs: [],
  async run(world) {
    const clients = await crowd(world, 5)
    const ids = idsOf(await Promise.all(upTo(10).map(i => clients[0]?.post(`job ${i}`) ?? assert.fail())))
    for (const id of ids) {
      const outcomes = await Promise.all(clients.map(client => outcomeOf(client.claim(id))))
      const winners = outcomes.flatMap(({ value }) => value ?? [])
      assert.equal(winners.length, 1, 'one claimer wins')
      const told = outcomes.flatMap(({ error }) => (error === undefined ? [] : Reflect.get(error, 'code')))
      assert.deepEqual(
        told,
        upTo(4).map(() => 'JOBBOARD_ALREADY_CLAIMED'),
        'and the others are told so',
      )
      assert.equal(await clients[0]?.findOwner(id), winners[0]?.owner, 'and is the owner that others see')
    }
  },
}

export const oneWinnerAmongTries: ConformanceCase = {
  id: 'races/one-winner-among-tries',
  law: 'CLAIM-1',
  title: 'of several tries on one job, in one call or in calls at once, exactly one is granted',
  needs: [],
  async run(world) {
    await using one = await BareDriver.open(world)
    await using other = await BareDriver.open(world)
    const id = await one.post('job')
    const sessions = await Promise.all([one.session(), other.session()])
    const tries = () => upTo(3).map(() => ({ jobId: id, claimId: one.id(), owner: 'bare' }))
    const answers = await Promise.all(
      [one, other, one, other].map(({ driver }, i) => {
        const session = sessions[i % 2]
        return session === undefined ? assert.fail() : driver.claim(session, tries())
      }),
    )
    const kinds = answers.flat().map(({ kind }) => kind)
    assert.deepEqual(kinds.sort(), ['claimed', ...upTo(11).map(() => 'held')])
  },
}

export const eachJobOnce: ConformanceCase = {
  id: 'races/each-job-once',
  law: 'CLAIM-1',
  title: 'many clients that claim what comes next get each job once',
  needs: [],
  async run(world) {
    const clients = await crowd(world, 4)
    const ids = idsOf(await Promise.all(upTo(60).map(i => clients[0]?.post(`job ${i}`) ?? assert.fail())))
    const claims: ClientClaim[] = []
    await world.eventually('every job is claimed', async () => {
      const round = await Promise.all(clients.flatMap(client => [client.claimNext(), client.claimNext()]))
      claims.push(...round.flatMap(claim => claim ?? []))
      return claims.length >= ids.length
    })
    assert.deepEqual(claims.map(claim => claim.jobId).sort(), ids.sort())
    for (const claim of claims) await claim.assertHeld()
  },
}

export const eachJobDoneOnce: ConformanceCase = {
  id: 'races/each-job-done-once',
  law: 'CLAIM-1',
  title: 'workers side by side, some of which give jobs back, consume each job once',
  needs: [],
  async run(world) {
    // Drawn before anything is under way, so that a seed replays it: how often each job is given back.
    const returns = upTo(40).map(() => (world.random.chance(0.3) ? 1 + world.random.int(2) : 0))
    const clients = await crowd(world, 4)
    const ids = idsOf(await Promise.all(upTo(40).map(i => clients[0]?.post(`job ${i}`) ?? assert.fail())))
    const done: string[] = []
    const work = async (client: (typeof clients)[number]) => {
      const claim = await client.claimNext()
      if (claim === undefined) return
      if (claim.attempt <= (returns[ids.indexOf(claim.jobId)] ?? 0)) return claim.abandon()
      await claim.consume()
      done.push(claim.jobId)
    }
    await world.eventually('every job is consumed', async () => {
      await Promise.all(clients.map(work))
      return done.length >= ids.length
    })
    assert.deepEqual(done.sort(), ids.sort())
  },
}

export const settleOrForce: ConformanceCase = {
  id: 'races/settle-or-force',
  law: 'SETTLE-1',
  title: 'of an ending and a forced release at once exactly one takes place',
  needs: [],
  async run(world) {
    await using owner = await BareDriver.open(world)
    await using operator = await BareDriver.open(world)
    const session = await owner.session()
    for (const how of ['consume', 'abandon', 'trash'] as const) {
      for (const round of upTo(4)) {
        const jobId = await owner.post(`${how} ${round}`)
        const { claimId, token } = await owner.take(session, jobId)
        const details =
          how === 'trash' ? { how, reason: 'no use' } : how === 'abandon' ? { how, ...atOnce } : { how }
        const [settled, forced] = await Promise.all([
          owner.settle(session, { jobId, claimId, token, ...details }),
          operator.driver.administer({ kind: 'force', jobId, token, reason: 'stuck' }),
        ])
        const both = [settled.kind === 'settled', forced.kind === 'released']
        assert.notEqual(both[0], both[1], `${how}: settled and released are ${both}`)
      }
    }
  },
}

export const sameIdAtOnce: ConformanceCase = {
  id: 'races/same-id-posted',
  law: 'POST-3',
  title: 'of several clients that post one id at once, all are told of the one job',
  needs: [],
  async run(world) {
    const clients = await crowd(world, 4)
    const ids = upTo(5).map(() => world.random.uuid())
    const posts = ids.flatMap(id => clients.map(client => client.post('once', { id })))
    const answers = await Promise.all(posts)
    assert.ok(answers.every(job => job.state === 'UNCLAIMED'))
    assert.deepEqual(idsOf((await clients[0]?.list({ ensureFresh: true })) ?? []).sort(), ids.sort())
  },
}

const atOnce = { delayMs: 0, failed: false }

function crowd(world: World, count: number) {
  return Promise.all(upTo(count).map(i => world.client(`client-${i}`, { owner: `owner-${i}` })))
}
