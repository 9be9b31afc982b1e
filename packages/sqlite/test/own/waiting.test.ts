import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { describe, it } from 'vitest'
import { child } from './children.js'
import { claimSome, eventually, freshDir, heldClock, openBoard, posting, postings } from './open-board.js'

describe('who waits', () => {
  it('learns of a job of another process within 50 ms', async () => {
    const dir = freshDir()
    const { told } = await openBoard({ dir })
    const poster = child('post', dir)
    await poster.next()
    const delays: number[] = []
    for (let round = 0; round < 21; round++) {
      poster.write('')
      await eventually('the post is told', () => told.changes.length > round)
      const heard = Date.now()
      delays.push(heard - ((await poster.next()) as { at: number }).at)
    }
    const median = delays.sort((a, b) => a - b)[10] ?? Number.NaN
    assert.ok(median < 50, `median ${median} ms of ${delays}`)
  })

  it('takes less than 2 % of a processor', async () => {
    const { cpu } = (await child('idle', freshDir(), '3000').next()) as { cpu: number }
    assert.ok(cpu < 0.02, `${(cpu * 100).toFixed(1)} %`)
  })

  it('hears of a session that ran out, also when nobody uses the board', async () => {
    const dir = freshDir()
    const { driver, told } = await openBoard({ dir })
    const other = await openBoard({ dir })
    await driver.post([posting()])
    const { session } = await claimSome(other.driver, 1, { ttlMs: 150 })
    await eventually('the loss is told', () => told.changes.some(change => change.why === 'lost'))
    await eventually('whose session it was has a doubt', () => other.told.doubts > 0)
    assert.deepEqual(await other.driver.renew({ session, held: [] }), { kind: 'over' })
  })

  it('is told of a gap when changes were pruned before it could read them', async () => {
    const dir = freshDir()
    const clock = heldClock()
    const slow = await openBoard({ dir }, { clock })
    const quick = await openBoard({ dir })
    for (let i = 0; i < 42; i++) await quick.driver.post(postings(256))
    clock.fire()
    assert.equal(slow.told.gaps, 1)
    assert.ok(slow.told.changes.length > 0)
    assert.equal(quick.told.gaps, 0)
    assert.equal(quick.told.changes.length, 42 * 256)
  })

  it('is told of a great many changes in parts', async () => {
    const dir = freshDir()
    const clock = heldClock()
    const slow = await openBoard({ dir }, { clock })
    const quick = await openBoard({ dir })
    for (let i = 0; i < 10; i++) await quick.driver.post(postings(250))
    for (let i = 0; i < 4; i++) clock.fire()
    assert.deepEqual(slow.told.bursts, [1_000, 1_000, 500])
    assert.equal(slow.told.gaps, 0)
  })

  it('hears that the folder was removed', async () => {
    const dir = freshDir()
    const { told } = await openBoard({ dir })
    rmSync(dir, { recursive: true })
    await eventually('it is told', () => told.troubles.length > 0)
    assert.match(told.troubles[0]?.message ?? '', /removed or replaced/)
  })

  it('hears each burst once, in order, its own changes among those of others', async () => {
    const dir = freshDir()
    const [one, two] = [await openBoard({ dir }), await openBoard({ dir })]
    const jobs = postings(20)
    for (const [i, job] of jobs.entries()) await (i % 2 === 0 ? one : two).driver.post([job])
    const ids = jobs.map(job => job.id)
    for (const { told } of [one, two]) {
      await eventually('all are told', () => told.changes.length >= ids.length)
      assert.deepEqual(
        told.changes.map(change => change.jobId),
        ids,
      )
    }
  })
})
