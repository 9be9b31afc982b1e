import assert from 'node:assert/strict'
import type { ConformanceCase } from '../case.js'
import type { PostView } from '../world.js'
import { idsOf, refusal } from './support.js'

const content: PostView = { details: { n: 1 }, priority: 'HIGH', book: { uuid: 'book-1', name: 'one' } }

export const sameAgain: ConformanceCase = {
  id: 'posting/same-again',
  law: 'POST-3',
  title: 'posting the same id and content again adds nothing and answers where the job stands',
  needs: [],
  async run(world) {
    const [first, second] = [await world.client('first'), await world.client('second')]
    const id = world.random.uuid()
    const again = async () => (await second.post('once', { ...content, id })).state
    await first.post('once', { ...content, id })
    assert.equal(await again(), 'UNCLAIMED')
    assert.deepEqual(idsOf(await first.list({ ensureFresh: true })), [id], 'one job is on the board')

    const claim = await first.claim(id)
    assert.equal(await again(), 'CLAIMED')
    await claim.consume()
    assert.equal(await again(), 'COMPLETE')
    assert.deepEqual(await first.list({ ensureFresh: true }), [], 'nothing came back to the board')
  },
}

export const sameAsTrashed: ConformanceCase = {
  id: 'posting/same-as-trashed',
  law: 'POST-3',
  title: 'posting a job again that is in the trash says so and adds nothing',
  needs: [],
  async run(world) {
    const client = await world.client('client')
    const { id } = await client.post('once', content)
    await (await client.claim(id)).trash({ reason: 'no use' })
    assert.equal((await client.post('once', { ...content, id })).state, 'TRASHED')
    assert.deepEqual(await client.list({ ensureFresh: true }), [])
  },
}

export const otherContent: ConformanceCase = {
  id: 'posting/other-content',
  law: 'POST-3',
  title: 'an id with another name, details, priority or book is a conflict',
  needs: [],
  async run(world) {
    const client = await world.client('client')
    const { id } = await client.post('name', content)
    const others: readonly (readonly [string, PostView])[] = [
      ['other name', content],
      ['name', { ...content, details: { n: 2 } }],
      ['name', { ...content, priority: 'LOW' }],
      ['name', { ...content, book: { uuid: 'book-2', name: 'one' } }],
    ]
    for (const [name, posting] of others) {
      await refusal(client.post(name, { ...posting, id }), 'JOBBOARD_POSTING_CONFLICT')
    }
    assert.equal((await client.post('name', { ...content, id })).state, 'UNCLAIMED', 'the first one stands')
  },
}

export const otherContentLater: ConformanceCase = {
  id: 'posting/other-content-later',
  law: 'POST-3',
  title: 'it is a conflict also with a job in the trash, and with one whose receipt is kept',
  needs: [],
  async run(world) {
    const client = await world.client('client')
    const [trashed, consumed] = [await client.post('trashed'), await client.post('consumed')]
    await (await client.claim(trashed.id)).trash({ reason: 'no use' })
    await (await client.claim(consumed.id)).consume()
    for (const { id, name } of [trashed, consumed]) {
      await refusal(client.post(name, { id, details: { other: true } }), 'JOBBOARD_POSTING_CONFLICT')
    }
  },
}

export const purgedAgain: ConformanceCase = {
  id: 'posting/purged-again',
  law: 'POST-3',
  title: 'the id of a purged job adds nothing while its receipt is kept',
  needs: [],
  async run(world) {
    const client = await world.client('client')
    const { id } = await client.post('job')
    await (await client.claim(id)).trash({ reason: 'no use' })
    await client.purge(id)
    assert.equal((await client.post('job', { id })).state, 'UNKNOWN')
    assert.equal((await client.count()).unclaimed, 0, 'nothing was added')
  },
}

export const keysInAnyOrder: ConformanceCase = {
  id: 'posting/keys-in-any-order',
  law: 'POST-3',
  title: 'the order of keys makes no other content',
  needs: [],
  async run(world) {
    const client = await world.client('client')
    const { id } = await client.post('keys', { details: { a: 1, b: { c: 2, d: 3 } } })
    const again = await client.post('keys', { id, details: { b: { d: 3, c: 2 }, a: 1 } })
    assert.equal(again.state, 'UNCLAIMED')
  },
}

export const idsAreExact: ConformanceCase = {
  id: 'posting/ids-are-exact',
  law: 'POST-3',
  title: 'ids that differ in case, in a space or in the form of a letter are different ids',
  needs: [],
  async run(world) {
    const [client, reader] = [await world.client('client'), await world.client('reader')]
    const ids = ['job-a', 'JOB-A', 'job-a ', 'job-\u00e9', 'job-e\u0301']
    for (const [i, id] of ids.entries()) await client.post(`name ${i}`, { id })
    assert.deepEqual(idsOf(await reader.list({ ensureFresh: true })).sort(), ids.toSorted())
    for (const [i, id] of ids.entries()) assert.equal((await reader.find(id))?.name, `name ${i}`, id)
    await (await client.claim('JOB-A')).consume()
    assert.equal((await reader.find('job-a'))?.state, 'UNCLAIMED')
    assert.equal((await client.post('name 1', { id: 'JOB-A' })).state, 'COMPLETE')
  },
}
