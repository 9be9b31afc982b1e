import assert from 'node:assert/strict'
import type { ConformanceCase } from '../case.js'
import { leave, upTo } from './support.js'

export const tokensGrow: ConformanceCase = {
  id: 'fencing/tokens-grow',
  law: 'CLAIM-4',
  title: 'every claim has a greater token than every claim before it, on whatever job, by whomever',
  needs: [],
  async run(world) {
    const clients = await Promise.all(upTo(3).map(i => world.client(`client-${i}`)))
    const [poster] = clients
    const tokens: bigint[] = []
    for (const round of upTo(12)) {
      const { id } = (await poster?.post(`job ${round}`)) ?? assert.fail()
      const claim = (await clients[round % 3]?.claim(id)) ?? assert.fail()
      tokens.push(claim.token)
      if (round % 2 === 0) await claim.abandon()
    }
    assertGrowing(tokens)
  },
}

export const tokensOutliveTheJob: ConformanceCase = {
  id: 'fencing/tokens-outlive-the-job',
  law: 'CLAIM-4',
  title: 'tokens go on growing over consume, trash, restore, purge and posting an id again',
  needs: [],
  async run(world) {
    const client = await world.client('client', { rememberMs: 0 })
    const { id } = await client.post('job')
    const claim = async () => {
      const made = await client.claim(id)
      tokens.push(made.token)
      return made
    }
    const tokens: bigint[] = []
    await (await claim()).abandon()
    await (await claim()).trash({ reason: 'no use' })
    await client.restore(id)
    await (await claim()).trash({ reason: 'no use' })
    await client.purge(id)
    await client.post('job', { id })
    await (await claim()).consume()
    await client.post('job', { id })
    await (await claim()).abandon()
    assert.equal(tokens.length, 5)
    assertGrowing(tokens)
  },
}

export const tokensOfClaimsAtOnce: ConformanceCase = {
  id: 'fencing/tokens-of-claims-at-once',
  law: 'CLAIM-4',
  title: 'claims made at the same moment have tokens of their own, in one scope',
  needs: [],
  async run(world) {
    const clients = await Promise.all(upTo(3).map(i => world.client(`client-${i}`)))
    const [poster] = clients
    const jobs = await Promise.all(upTo(45).map(i => poster?.post(`job ${i}`) ?? assert.fail()))
    const claims = await Promise.all(jobs.map(({ id }, i) => clients[i % 3]?.claim(id) ?? assert.fail()))
    assert.equal(new Set(claims.map(claim => claim.token)).size, claims.length)
    assert.equal(new Set(claims.map(claim => claim.scope)).size, 1)
    const { id } = (await poster?.post('one more')) ?? assert.fail()
    const last = (await poster?.claim(id)) ?? assert.fail()
    assert.ok(claims.every(claim => claim.token < last.token))
  },
}

export const tokensAfterRestart: ConformanceCase = {
  id: 'fencing/tokens-after-restart',
  law: 'CLAIM-4',
  title: 'tokens go on growing, in the same scope, after every process of the board has ended',
  needs: ['durable'],
  async run(world) {
    const tokens: bigint[] = []
    const scopes = new Set<string>()
    for (const name of ['closed', 'killed', 'last']) {
      const client = await world.client(name)
      // The claim is settled before the end, so that nothing but the board itself remembers its token.
      const claim = await client.claim((await client.post(name)).id)
      tokens.push(claim.token)
      scopes.add(claim.scope)
      await claim.consume()
      await (name === 'closed' ? leave(client) : client.kill())
    }
    assertGrowing(tokens)
    assert.equal(scopes.size, 1, 'the scope lives as long as the data')
  },
}

function assertGrowing(tokens: readonly bigint[]): void {
  for (const [i, token] of tokens.entries()) {
    assert.ok(i === 0 || token > (tokens[i - 1] ?? 0n), `token ${token} must exceed ${tokens.slice(0, i)}`)
  }
}
