import assert from 'node:assert/strict'
import type { SessionRef } from '@jobboard/core/driver'
import type { ConformanceCase } from '../case.js'
import { BareDriver, ownerOf } from './bare.js'

/** What a session may ask for, with the kinds of the answers. */
const requests: Readonly<
  Record<string, (bare: BareDriver, session: SessionRef, jobId: string) => Promise<readonly string[]>>
> = {
  renew: async (bare, session) => [(await bare.renew(session)).kind],
  claim: async (bare, session, jobId) => [(await bare.claim(session, jobId)).kind],
  claimNext: async (bare, session) => {
    const wish = { claimId: bare.id(), owner: ownerOf(session) }
    return kindsOf(await bare.driver.claimNext?.(session, [wish]))
  },
  'settle with wishes': async (bare, session) => {
    // Core sends no wishes to a driver that does not choose.
    if (bare.driver.claimNext === undefined) return []
    const wish = { claimId: bare.id(), owner: ownerOf(session) }
    return kindsOf((await bare.driver.settle(session, [], [wish])).wishes)
  },
  announce: async (bare, session) => {
    const entity = { kind: 'conductor', name: session.id, metadata: {} }
    return [(await bare.driver.administer({ kind: 'announce', session, entity })).kind]
  },
}

export const nothingRevives: ConformanceCase = {
  id: 'sessions/nothing-revives',
  law: 'CLAIM-14',
  title: "a session that the backend's clock expired is over for whatever it asks first, and stays so",
  needs: [],
  async run(world) {
    await using bare = await BareDriver.open(world)
    // A session for each request, so that none hides what another one revived.
    const asked: { what: keyof typeof requests; session: SessionRef; jobId: string; claimId: string }[] = []
    for (const what of Object.keys(requests)) {
      const session = await bare.session(world.ttlMs)
      const jobId = await bare.post(`for ${what}`)
      asked.push({ what, session, jobId, claimId: (await bare.take(session, jobId)).claimId })
    }
    const standings = () => Promise.all(asked.map(({ jobId }) => bare.standing(jobId)))
    await world.eventually('the sessions are over', async () =>
      (await standings()).every(standing => standing === 'UNCLAIMED'),
    )
    for (const { what, session, jobId, claimId } of asked) {
      const kinds = (await requests[what]?.(bare, session, jobId)) ?? []
      assert.deepEqual(
        kinds.filter(kind => kind !== 'over'),
        [],
        what,
      )
      assert.equal((await bare.renew(session, [claimId])).kind, 'over', `after the ${what}`)
    }
    assert.ok((await standings()).every(standing => standing === 'UNCLAIMED'))
  },
}

export const givenUpCounts: ConformanceCase = {
  id: 'sessions/given-up-counts',
  law: 'CLAIM-14',
  title:
    'the claims of a session that its owner gave up count as lost, and are takeovers for the next claimer',
  needs: [],
  async run(world) {
    await using bare = await BareDriver.open(world)
    const session = await bare.session()
    const jobId = await bare.post('job')
    await bare.take(session, jobId, undefined, 'alice')
    await bare.driver.endSession(session, 'lost')
    const { losses, failures, takeover, lostBy } = await bare.record(jobId)
    assert.deepEqual({ losses, failures, takeover }, { losses: 1, failures: 1, takeover: true })
    assert.deepEqual([lostBy?.owner, lostBy?.cause], ['alice', 'expired'])
  },
}

export const namesakesKeepTheirs: ConformanceCase = {
  id: 'sessions/namesakes-keep-theirs',
  law: 'CLAIM-12',
  title: 'the end of a session leaves alone what an owner of the same name has in another one',
  needs: [],
  async run(world) {
    await using bare = await BareDriver.open(world)
    const kept = await bare.session()
    const jobId = await bare.post('kept')
    const { claimId, token } = await bare.take(kept, jobId, undefined, 'alice')
    for (const cause of ['closed', 'lost'] as const) {
      const ending = await bare.session()
      await bare.take(ending, await bare.post('given back'), undefined, 'alice')
      await bare.driver.endSession(ending, cause)
      const { standing } = await bare.record(jobId)
      assert.deepEqual(standing, { state: 'CLAIMED', owner: 'alice', token }, cause)
      assert.deepEqual(await bare.renew(kept, [claimId]), { kind: 'alive', lost: [], unnamed: [] }, cause)
    }
  },
}

function kindsOf(answers: readonly { readonly kind: string }[] = []): readonly string[] {
  return answers.map(({ kind }) => kind)
}
