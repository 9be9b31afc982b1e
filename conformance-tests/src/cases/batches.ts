import assert from 'node:assert/strict'
import type { ClaimTry, Ending } from '@jobboard/core/driver'
import type { ConformanceCase } from '../case.js'
import { BareDriver, endingOf } from './bare.js'
import { upTo } from './support.js'

/**
 * What core joins into one call is answered entry by entry, in the order of the entries. Ids run backwards here, so that
 * answers in the order of the ids are noticed.
 */
export const looksApart: ConformanceCase = {
  id: 'batches/looks-apart',
  law: 'LIST-3',
  title: 'jobs that are looked up together are found each in its place, whatever stands between them',
  needs: [],
  async run(world) {
    await using bare = await BareDriver.open(world)
    const session = await bare.session()
    const [last, third, second, first] = await postBackwards(bare, 4)
    await bare.take(session, third)
    await bare.discard(session, second)
    const ids = [last, bare.id(), third, second, first, last]
    const { found } = await bare.driver.read({ kind: 'jobs', ids })
    assert.deepEqual(
      found.map(one => (typeof one === 'string' ? one : `${one.id} ${one.standing.state}`)),
      [
        ...[`${last} UNCLAIMED`, 'absent', `${third} CLAIMED`, `${second} TRASHED`],
        ...[`${first} UNCLAIMED`, `${last} UNCLAIMED`],
      ],
    )
  },
}

export const claimsApart: ConformanceCase = {
  id: 'batches/claims-apart',
  law: 'CLAIM-2',
  title: 'of claims that are tried together the claimed job is refused, and no other because of it',
  needs: [],
  async run(world) {
    await using bare = await BareDriver.open(world)
    const [session, other] = [await bare.session(), await bare.session()]
    const [last, held, first] = await postBackwards(bare, 3)
    await bare.take(other, held, undefined, 'alice')
    const tries = [last, held, first].map((jobId): ClaimTry => ({ jobId, claimId: bare.id(), owner: 'bob' }))
    const answers = await bare.driver.claim(session, tries)
    assert.deepEqual(
      answers.map(one => {
        if (one.kind === 'claimed') return [one.job.id, one.claimId]
        return one.kind === 'held' ? one.owner : one.kind
      }),
      [[last, tries[0]?.claimId], 'alice', [first, tries[2]?.claimId]],
    )
  },
}

export const endingsApart: ConformanceCase = {
  id: 'batches/endings-apart',
  law: 'SETTLE-2',
  title: 'of endings that are sent together the stale one changes nothing, and the others take place',
  needs: [],
  async run(world) {
    await using bare = await BareDriver.open(world)
    const session = await bare.session()
    const [last, stale, third, first] = await postBackwards(bare, 4)
    const ending = async (jobId: string, how: Ending['how']) => endingOf(await bare.take(session, jobId), how)
    const endings = [
      await ending(last, 'consume'),
      await ending(stale, 'consume'),
      await ending(third, 'trash'),
      await ending(first, 'abandon'),
    ]
    await bare.driver.administer({
      ...{ kind: 'force', jobId: stale, reason: 'stuck' },
      token: endings[1]?.token ?? 0n,
    })
    const answers = (await bare.driver.settle(session, endings)).endings
    assert.deepEqual(
      answers.map(answer => (answer.kind === 'settled' ? answer.how : answer.kind)),
      ['consume', 'lost', 'trash', 'abandon'],
    )
    const standings = await Promise.all([last, stale, third, first].map(id => bare.standing(id)))
    assert.equal(standings[1], 'UNCLAIMED', 'the stale one changed nothing')
    assert.deepEqual(standings.slice(2), ['TRASHED', 'UNCLAIMED'])
  },
}

export const twiceInOneBatch: ConformanceCase = {
  id: 'batches/post-twice',
  law: 'POST-3',
  title: 'an id that stands twice in one call is posted once: the same again, or a conflict',
  needs: [],
  async run(world) {
    await using bare = await BareDriver.open(world)
    const [twice, taken] = [bare.posting('twice'), bare.posting('taken')]
    const other = bare.posting('other content', { id: taken.id })
    const answers = await bare.driver.post([twice, taken, twice, other])
    assert.deepEqual(
      answers.map(({ kind }) => kind),
      ['posted', 'posted', 'same', 'conflict'],
    )
    const page = await bare.driver.read({ kind: 'list', states: 'all', limit: 10, fresh: true })
    assert.deepEqual(page.jobs.map(({ id, name }) => `${id} ${name}`).sort(), [
      ...[`${twice.id} twice`, `${taken.id} taken`].sort(),
    ])
  },
}

/** Posts jobs whose ids are in descending order. */
async function postBackwards(bare: BareDriver, count: 3): Promise<readonly [string, string, string]>
async function postBackwards(bare: BareDriver, count: 4): Promise<readonly [string, string, string, string]>
async function postBackwards(bare: BareDriver, count: number): Promise<readonly string[]> {
  const ids: string[] = []
  for (const i of upTo(count)) ids.push(await bare.post(`job ${i}`, idAt(bare, count - i)))
  return ids
}

function idAt(bare: BareDriver, place: number): { readonly id: string } {
  return { id: `${place} ${bare.id()}` }
}
