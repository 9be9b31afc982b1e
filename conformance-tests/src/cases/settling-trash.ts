import assert from 'node:assert/strict'
import type { JobRecord } from '@jobboard/core/driver'
import type { ConformanceCase } from '../case.js'
import { BareDriver } from './bare.js'
import { assertTimely, idsOf, refusal, upTo } from './support.js'

export const trashTellsWhy: ConformanceCase = {
  id: 'settling/trash-tells-why',
  law: 'SETTLE-5',
  title: 'the trash keeps a job with the reason, the error, the owner, the time and its counts',
  needs: [],
  async run(world) {
    const [worker, reader] = [await world.client('worker'), await world.client('reader')]
    const clock = world.clock()
    const began = clock.now()
    const posted = await worker.post('job', { details: { file: 'in.png' }, priority: 'HIGH' })
    await (await worker.claim(posted.id)).abandon({ failure: true })
    const error = 'Error: no such file\n    at read (in.js:1:1)'
    await (await worker.claim(posted.id, 'alice')).trash({ reason: 'the input is gone', error })

    const trashed = await reader.trashed()
    const [job] = trashed
    assert.equal(trashed.length, 1)
    assert.ok(job?.trashedWith)
    const { at, ...why } = job.trashedWith
    assert.deepEqual(why, { reason: 'the input is gone', error, owner: 'alice' })
    assertTimely(Date.parse(at), began, clock.now())
    assert.deepEqual(
      [job.id, job.name, job.details, job.priority],
      [posted.id, 'job', { file: 'in.png' }, 'HIGH'],
    )
    assert.deepEqual([job.attempts, job.failures, job.state], [2, 1, 'TRASHED'])
  },
}

export const trashIsOffTheBoard: ConformanceCase = {
  id: 'settling/trash-is-off-the-board',
  law: 'SETTLE-5',
  title: 'a trashed job is on no listing of the board, and can be found as trashed',
  needs: [],
  async run(world) {
    const [worker, reader] = [await world.client('worker'), await world.client('reader')]
    const { id } = await worker.post('job')
    await (await worker.claim(id)).trash({ reason: 'no use' })
    assert.deepEqual(await reader.list({ ensureFresh: true }), [])
    assert.equal(await worker.claimNext(), undefined)
    assert.equal((await reader.find(id))?.state, 'TRASHED')
  },
}

export const longReasons: ConformanceCase = {
  id: 'settling/trash-cuts-texts',
  law: 'SETTLE-5',
  title: 'reasons and errors are cut to 16 KiB, and nothing is refused for their length',
  needs: [],
  async run(world) {
    const client = await world.client('client')
    const { id } = await client.post('job')
    await (await client.claim(id)).trash({ reason: 'r'.repeat(100_000), error: '書'.repeat(50_000) })
    const { reason = '', error = '' } = (await client.find(id))?.trashedWith ?? {}
    for (const text of [reason, error]) {
      assert.ok(Buffer.byteLength(text) <= 16 * 1024 + 8, `${Buffer.byteLength(text)} bytes are kept`)
      assert.ok(text.length > 1_000, 'as much as fits is kept')
    }
    assert.match(error, /^書+/u)
  },
}

export const restored: ConformanceCase = {
  id: 'settling/restored',
  law: 'SETTLE-5',
  title: 'a restored job has the same id, content and createdOn, and is ordered as newly posted',
  needs: [],
  async run(world) {
    const [worker, reader] = [await world.client('worker'), await world.client('reader')]
    const book = { uuid: 'book-1', name: 'one' }
    const posted = await worker.post('first', { details: { a: [1] }, priority: 'LOW', book })
    const second = await worker.post('second', { priority: 'LOW' })
    await (await worker.claim(posted.id)).trash({ reason: 'by mistake' })
    await world.elapse(2) // the clock has moved on, so a new createdOn would differ

    assert.equal((await worker.restore(posted.id)).state, 'UNCLAIMED')
    const { id, name, details, priority, createdOn } = (await reader.find(posted.id)) ?? assert.fail()
    assert.deepEqual({ id, name, details, priority }, pick(posted))
    assert.deepEqual((await reader.find(posted.id))?.book, book)
    assert.equal(createdOn, posted.createdOn)
    await using bare = await BareDriver.open(world)
    const orders = await Promise.all([second, posted].map(async job => placeOf(await bare.look(job.id))))
    assert.ok((orders[0] ?? 0n) < (orders[1] ?? 0n), 'it stands behind what was posted before the restore')
    assert.deepEqual(await reader.trashed(), [], 'it left the trash')
    await (await worker.claim(posted.id)).consume()
  },
}

export const restoredAtOnce: ConformanceCase = {
  id: 'settling/restored-at-once',
  law: 'SETTLE-5',
  title: 'a job that was posted for later is not delayed again by its restore',
  needs: [],
  async run(world) {
    const client = await world.client('client')
    const { id } = await client.post('later', { delayMs: world.ttlMs / 2 })
    const claim = await world.eventually('its time comes', () => client.claim(id))
    await claim.trash({ reason: 'by mistake' })
    assert.equal((await client.restore(id)).availableAt, undefined)
    assert.deepEqual(await client.count(), { unclaimed: 1, delayed: 0, claimed: 0, trashed: 0 })
    await (await client.claim(id)).consume()
  },
}

export const purged: ConformanceCase = {
  id: 'settling/purged',
  law: 'SETTLE-5',
  title: 'a purged job is gone from the trash for good, and the others stay',
  needs: [],
  async run(world) {
    const [worker, reader] = [await world.client('worker'), await world.client('reader')]
    const [gone, stays] = [await worker.post('gone'), await worker.post('stays')]
    for (const { id } of [gone, stays]) await (await worker.claim(id)).trash({ reason: 'no use' })
    await worker.purge(gone.id)
    assert.deepEqual(idsOf(await reader.trashed()), [stays.id])
    assert.equal(await reader.find(gone.id), undefined)
    await refusal(worker.restore(gone.id), 'JOBBOARD_JOB_NOT_FOUND')
  },
}

export const notInTheTrash: ConformanceCase = {
  id: 'settling/not-in-the-trash',
  law: 'SETTLE-5',
  title: 'what is not in the trash can be neither restored nor purged, and stays as it is',
  needs: [],
  async run(world) {
    const client = await world.client('client')
    const { id } = await client.post('on the board')
    for (const jobId of [id, world.random.uuid()]) {
      await refusal(client.restore(jobId), 'JOBBOARD_JOB_NOT_FOUND')
      await refusal(client.purge(jobId), 'JOBBOARD_JOB_NOT_FOUND')
    }
    assert.equal((await client.find(id))?.state, 'UNCLAIMED')
  },
}

export const trashOfMany: ConformanceCase = {
  id: 'settling/trash-of-many',
  law: 'SETTLE-5',
  title: 'a long trash is listed whole, oldest first',
  needs: [],
  async run(world) {
    const client = await world.client('client')
    const posted = await Promise.all(upTo(600).map(i => client.post(`job ${i}`)))
    const claims = await Promise.all(posted.map(({ id }) => client.claim(id)))
    const [early, late] = [claims.slice(0, 300), claims.slice(300)]
    for (const half of [early, late]) await Promise.all(half.map(claim => claim.trash({ reason: 'no use' })))
    const trashed = idsOf(await client.trashed())
    assert.deepEqual(trashed.slice(0, 300).sort(), early.map(claim => claim.jobId).sort())
    assert.deepEqual(trashed.slice(300).sort(), late.map(claim => claim.jobId).sort())
  },
}

function placeOf(found: JobRecord | string): bigint | undefined {
  return typeof found === 'string' ? undefined : found.order
}

function pick({ id, name, details, priority }: Record<'id' | 'name' | 'details' | 'priority', unknown>) {
  return { id, name, details, priority }
}
