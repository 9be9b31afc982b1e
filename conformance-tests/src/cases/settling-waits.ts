import assert from 'node:assert/strict'
import type { ConformanceCase } from '../case.js'
import { arrival, begun } from './support.js'

export const waitTellsComplete: ConformanceCase = {
  id: 'settling/wait-complete',
  law: 'SETTLE-6',
  title: 'who waits for a job learns that it was consumed, whoever did it',
  needs: [],
  async run(world) {
    const [poster, worker] = [await world.client('poster'), await world.client('worker')]
    const { id } = await poster.post('job')
    const claim = await worker.claim(id)
    const end = begun(poster.waitForEnd(id))
    await claim.consume()
    assert.equal(await arrival(world, 'the wait ends', end), 'COMPLETE')
    assert.equal(await poster.waitForEnd(id, { timeoutMs: 0 }), 'COMPLETE', 'and again afterwards')
  },
}

export const waitTellsTrashed: ConformanceCase = {
  id: 'settling/wait-trashed',
  law: 'SETTLE-6',
  title: 'who waits for a job learns that it was trashed',
  needs: [],
  async run(world) {
    const [poster, worker] = [await world.client('poster'), await world.client('worker')]
    const { id } = await poster.post('job')
    const claim = await worker.claim(id)
    const end = begun(poster.waitForEnd(id))
    await claim.trash({ reason: 'no use' })
    assert.equal(await arrival(world, 'the wait ends', end), 'TRASHED')
  },
}

export const waitTimesOut: ConformanceCase = {
  id: 'settling/wait-times-out',
  law: 'SETTLE-6',
  title: 'a wait answers false at its timeout while the job is there, claimed or not, and 0 looks once',
  needs: [],
  async run(world) {
    const [poster, worker] = [await world.client('poster'), await world.client('worker')]
    const { id } = await poster.post('job')
    assert.equal(await poster.waitForEnd(id, { timeoutMs: 0 }), false)
    const claim = await worker.claim(id)
    const end = begun(poster.waitForEnd(id, { timeoutMs: world.ttlMs / 5 }))
    assert.equal(await arrival(world, 'the timeout comes', end), false)
    await claim.abandon()
    assert.equal(await poster.waitForEnd(id, { timeoutMs: 0 }), false)
  },
}

export const waitGoesOnOverAbandon: ConformanceCase = {
  id: 'settling/wait-goes-on',
  law: 'SETTLE-6',
  title: 'a wait goes on over claims, abandons and restores until the job is done with',
  needs: [],
  async run(world) {
    const [poster, worker] = [await world.client('poster'), await world.client('worker')]
    const { id } = await poster.post('job')
    const end = begun(poster.waitForEnd(id))
    for (const _ of [1, 2]) await (await worker.claim(id)).abandon()
    await (await worker.claim(id)).consume()
    assert.equal(await arrival(world, 'the wait ends', end), 'COMPLETE')
  },
}

export const lookerAfterwards: ConformanceCase = {
  id: 'settling/wait-without-receipt',
  law: 'SETTLE-6',
  title: 'without a receipt, a reader who saw the job and finds no trace of it takes it as complete',
  needs: [],
  async run(world) {
    const poster = await world.client('poster', { rememberMs: 0 })
    const worker = await world.client('worker', { rememberMs: 0 })
    const { id } = await poster.post('job')
    await (await worker.claim(id)).consume()
    assert.equal(await poster.waitForEnd(id, { timeoutMs: 0 }), 'COMPLETE')
  },
}

export const purgedLater: ConformanceCase = {
  id: 'settling/wait-unknown-later',
  law: 'SETTLE-6',
  title:
    'nor is it called complete when it was purged after the receipt of its trashing was over, by whoever saw it',
  needs: [],
  async run(world) {
    const rememberMs = world.ttlMs
    const [reader, worker] = [
      await world.client('reader', { rememberMs }),
      await world.client('worker', { rememberMs }),
    ]
    const seen = { before: await reader.post('seen before'), inTrash: await worker.post('seen in the trash') }
    const ids = [seen.before.id, seen.inTrash.id]
    for (const id of ids) await (await worker.claim(id)).trash({ reason: 'no use' })
    assert.equal((await reader.find(seen.inTrash.id))?.state, 'TRASHED')
    await world.elapse(rememberMs * 1.5)
    for (const id of ids) await worker.purge(id)
    for (const id of ids) assert.equal(await reader.waitForEnd(id, { timeoutMs: 0 }), 'UNKNOWN')
    // When the receipt of the purge is over too, who saw the job in the trash still knows better.
    await world.elapse(rememberMs * 1.5)
    assert.equal(await reader.waitForEnd(seen.inTrash.id, { timeoutMs: 0 }), 'UNKNOWN')
  },
}

export const purgedIsUnknown: ConformanceCase = {
  id: 'settling/wait-unknown',
  law: 'SETTLE-6',
  title: 'a job that was trashed and purged is not called complete',
  needs: [],
  async run(world) {
    const [poster, worker] = [await world.client('poster'), await world.client('worker')]
    const { id } = await poster.post('job')
    await (await worker.claim(id)).trash({ reason: 'no use' })
    await worker.purge(id)
    const end = await poster.waitForEnd(id, { timeoutMs: 0 })
    assert.ok(end === 'UNKNOWN' || end === 'TRASHED', `it is called ${end}`)
  },
}
