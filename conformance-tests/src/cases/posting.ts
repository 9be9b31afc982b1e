import assert from 'node:assert/strict'
import type { ConformanceCase } from '../case.js'
import { BareDriver } from './bare.js'
import { assertDelayed, assertTimely, idsOf, outcomeOf, refusal, timeUntilClaimed, upTo } from './support.js'

export const shownAtOnce: ConformanceCase = {
  id: 'posting/shown-at-once',
  law: 'POST-1',
  title: 'once a post is acknowledged, a fresh listing of any client shows the job',
  needs: [],
  async run(world) {
    const [poster, reader] = [await world.client('poster'), await world.client('reader')]
    for (const name of ['first', 'second', 'third']) {
      const { id } = await poster.post(name)
      assert.ok(idsOf(await reader.list({ ensureFresh: true })).includes(id), `${name} is listed`)
    }
  },
}

export const survivesItsPoster: ConformanceCase = {
  id: 'posting/survives-its-poster',
  law: 'POST-1',
  title: 'an acknowledged post survives the crash of every process of the board',
  needs: ['durable'],
  async run(world) {
    const poster = await world.client('poster')
    const posted = await Promise.all(upTo(20).map(i => poster.post(`job ${i}`)))
    await poster.kill()

    const reader = await world.client('reader')
    assert.deepEqual(idsOf(await reader.list({ ensureFresh: true })).sort(), idsOf(posted).sort())
  },
}

export const contentComesBack: ConformanceCase = {
  id: 'posting/content-comes-back',
  law: 'POST-2',
  title: 'name, details, priority and book are read as they were posted, and stay so',
  needs: [],
  async run(world) {
    const [poster, reader] = [await world.client('poster'), await world.client('reader')]
    const content = {
      name: 'résumé 書類 🗂',
      priority: 'HIGH',
      details: { path: '/in/1', tags: ['a', null, 2.5], deep: { empty: {} } },
      book: { uuid: '5f0e3c1e-0000-4000-8000-000000000001', name: 'the book' },
    } as const
    const { name, ...rest } = content
    const posted = await poster.post(name, rest)
    const assertUnchanged = async (when: string) => {
      const { name, priority, details, book, createdOn } = (await reader.find(posted.id)) ?? {}
      assert.deepEqual({ name, priority, details, book }, content, when)
      assert.equal(createdOn, posted.createdOn, when)
    }

    await assertUnchanged('after the post')
    const claim = await poster.claim(posted.id)
    await assertUnchanged('while it is claimed')
    await claim.abandon({ failure: true })
    await assertUnchanged('after it was abandoned')
  },
}

export const bytesStay: ConformanceCase = {
  id: 'posting/bytes-stay',
  law: 'POST-2',
  title: 'the bytes of the details are never encoded anew, also into the trash and back',
  needs: [],
  async run(world) {
    await using bare = await BareDriver.open(world)
    // Spaces, order of keys, forms of numbers and escapes: whoever parses and writes again loses some of them.
    const details = '{ "b":1.0,"a": {"__proto__":1e3,"9":"\\u0061\\/"} , "1":[ ] }'
    const id = await bare.post('bytes', { details })
    const bytes = async () => {
      const found = await bare.look(id)
      return typeof found === 'string' ? found : found.details
    }

    assert.equal(await bytes(), details, 'on the board')
    const session = await bare.session()
    const { token, claimId } = await bare.take(session, id)
    await bare.settle(session, { jobId: id, claimId, token, how: 'trash', reason: 'for the test' })
    assert.equal(await bytes(), details, 'in the trash')
    await bare.leaveTrash('restore', id)
    assert.equal(await bytes(), details, 'restored')
  },
}

export const manyInFlight: ConformanceCase = {
  id: 'posting/many-in-flight',
  law: 'POST-4',
  title: 'posts in flight share round trips, and each gets its own answer',
  needs: [],
  async run(world) {
    const poster = await world.client('poster')
    const before = (await poster.calls())['post'] ?? 0
    const posts = upTo(400).map(i => poster.post(`job ${i}`, { details: { i } }))
    posts.push(poster.post('')) // one that must be refused, and no other because of it
    const outcomes = await Promise.all(posts.map(outcomeOf))

    const refused = outcomes.filter(outcome => outcome.error !== undefined)
    assert.equal(refused.length, 1, 'only the bad post is refused')
    const answered = outcomes.slice(0, 400).map(outcome => outcome.value?.details['i'])
    assert.deepEqual(answered, upTo(400), 'each post answers with its own job')
    const calls = ((await poster.calls())['post'] ?? 0) - before
    assert.ok(calls <= 200, `400 posts took ${calls} calls`)
  },
}

export const entriesApart: ConformanceCase = {
  id: 'posting/entries-apart',
  law: 'POST-4',
  title: 'in one batch each posting has its own answer, in the order of the entries',
  needs: [],
  async run(world) {
    await using bare = await BareDriver.open(world)
    // Ids run backwards, so that answers in the order of the ids are noticed.
    const [one, known, two] = [3, 2, 1].map(i => bare.posting(`job ${i}`, { id: `${i} ${bare.id()}` }))
    assert.ok(one && known && two)
    await bare.driver.post([known])
    const batch = [one, known, two]
    const answers = await bare.driver.post(batch)
    assert.deepEqual(
      answers.map(answer => answer.kind),
      ['posted', 'same', 'posted'],
    )
    assert.deepEqual(idsOf(answers.flatMap(answer => ('job' in answer ? answer.job : []))), idsOf(batch))
    for (const { id } of batch) assert.equal(await bare.standing(id), 'UNCLAIMED')
  },
}

export const postedForLater: ConformanceCase = {
  id: 'posting/for-later',
  law: 'POST-6',
  title: 'a job posted for later is listed at once, and claimable neither by its id nor as the next one',
  needs: [],
  async run(world) {
    const [poster, worker] = [await world.client('poster'), await world.client('worker')]
    const { id, availableAt } = await poster.post('later', { delayMs: world.ttlMs * 10 })
    assert.notEqual(availableAt, undefined, 'it tells when it becomes available')
    const listed = await worker.list({ ensureFresh: true })
    assert.deepEqual(
      listed.map(job => [job.id, job.availableAt]),
      [[id, availableAt]],
    )
    await refusal(worker.claim(id), 'JOBBOARD_NOT_AVAILABLE_YET')
    assert.equal(await worker.claimNext(), undefined, 'claimNext passes it over')
  },
}

export const notBeforeItsTime: ConformanceCase = {
  id: 'posting/not-before-its-time',
  law: 'POST-6',
  title: 'a job posted for later becomes claimable in time, and not before',
  needs: [],
  async run(world) {
    const client = await world.client('client')
    const delayMs = world.ttlMs / 2
    const waited = await timeUntilClaimed(world, () => client.post('later', { delayMs }), client)
    assertDelayed(waited, delayMs)
  },
}

export const laterIsPerJob: ConformanceCase = {
  id: 'posting/later-holds-up-nobody',
  law: 'POST-6',
  title: 'a delayed job, however urgent, holds up no other job',
  needs: [],
  async run(world) {
    const client = await world.client('client')
    await client.post('urgent, but later', { priority: 'VERY_HIGH', delayMs: world.ttlMs * 10 })
    const { id } = await client.post('now', { priority: 'VERY_LOW' })
    assert.equal((await client.claimNext())?.jobId, id)
  },
}

export const createdOnIsTheTime: ConformanceCase = {
  id: 'posting/created-on',
  law: 'POST-2',
  title: 'createdOn is the time of the posting, and later jobs are not older',
  needs: [],
  async run(world) {
    const client = await world.client('client')
    const clock = world.clock()
    const times: number[] = []
    for (const i of upTo(4)) {
      const began = clock.now()
      const { createdOn } = await client.post(`job ${i}`)
      const at = Date.parse(createdOn)
      assertTimely(at, began, clock.now())
      times.push(at)
      await world.elapse(world.ttlMs / 20)
    }
    const spanMs = (times[3] ?? 0) - (times[0] ?? 0)
    assert.ok(spanMs >= world.ttlMs / 10, `three twentieths of the time to live are ${spanMs} ms`)
  },
}
