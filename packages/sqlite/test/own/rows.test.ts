import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '@jobboard/core/driver'
import { describe, it } from 'vitest'
import { openEngine } from '../engines.js'
import { plantMalformed } from '../plant.js'
import {
  claimSome,
  eventually,
  freshDir,
  heldClock,
  openBoard,
  operator,
  posting,
  postings,
} from './open-board.js'

describe('rows that are no jobs', () => {
  it('are reported, set aside once, and never deleted', async () => {
    const dir = freshDir()
    const { driver, told } = await openBoard({ dir })
    const id = randomUUID()
    await plantMalformed(dir, id)
    const good = posting()
    await driver.post([good])
    const listed = await driver.read({ kind: 'list', states: 'unclaimed', limit: 10, fresh: true })
    assert.deepEqual(
      listed.jobs.map(job => job.id),
      [good.id],
    )
    assert.match(listed.malformed[0]?.where ?? '', new RegExp(id))
    const { grants } = await claimSome(driver, 1)
    assert.equal(grants[0]?.job.id, good.id)
    await claimSome(driver, 1)
    assert.equal(told.malformed.length, 1, 'told once')
    const { found } = await driver.read({ kind: 'jobs', ids: [id] })
    assert.deepEqual(found, ['malformed'])
    const all = await driver.read({ kind: 'list', states: 'all', limit: 10, fresh: true })
    assert.equal(all.malformed.length, 1)
  })

  it('of every kind stop neither a listing nor a claim', async () => {
    const dir = freshDir()
    const { driver } = await openBoard({ dir })
    const [victims, good] = [postings(8), posting()]
    await driver.post([...victims, good])
    const { DatabaseSync } = await openEngine()
    const database = new DatabaseSync(join(dir, 'board.db'), { timeout: 5_000 })
    const spoil = (i: number, set: string): void => {
      database.prepare(`UPDATE jobboard_jobs SET ${set} WHERE id = ?`).run(victims[i]?.id ?? '')
    }
    spoil(0, `priority = 'URGENT'`)
    spoil(1, `priority = 'LOW'`)
    spoil(2, `book = '{"uuid":1}'`)
    spoil(3, `previous = 'somebody'`)
    spoil(4, 'entry = -1')
    spoil(5, 'attempts = 9223372036854775807')
    spoil(6, `lost_by = '{}'`)
    spoil(7, `state = 'sleeping'`)
    database.close()
    const page = await driver.read({ kind: 'list', states: 'all', limit: 100, fresh: true })
    assert.equal(page.malformed.length, 8)
    const { grants } = await claimSome(driver, 10)
    assert.deepEqual(
      [page.jobs, grants.map(({ job }) => job)].map(jobs => jobs.map(({ id }) => id)),
      [[good.id], [good.id]],
    )
  })
})

describe('values beyond what can be', () => {
  const huge = '9223372036854775807'

  it('as dates make a job malformed, and stop nothing else', async () => {
    const dir = freshDir()
    const { driver, told } = await openBoard({ dir })
    const [old, late, good] = [posting(), posting({ delayMs: 60_000 }), posting()]
    await driver.post([old, late, good])
    const database = await operator(dir)
    const spoil = (column: string, id: string): void => {
      database.prepare(`UPDATE jobboard_jobs SET ${column} = ${huge} WHERE id = ?`).run(id)
    }
    spoil('created_on', old.id)
    spoil('available_at', late.id)
    const { found } = await driver.read({ kind: 'jobs', ids: [old.id, late.id] })
    assert.deepEqual(found, ['malformed', 'malformed'])
    assert.equal((await driver.post([good, late]))[0]?.kind, 'same')
    const { session, grants } = await claimSome(driver, 2)
    assert.deepEqual(
      grants.map(({ job }) => job.id),
      [good.id],
    )
    const [answer] = await driver.claim(session, [{ jobId: late.id, claimId: 'late', owner: 'o' }])
    assert.deepEqual(answer, { kind: 'missing' })
    assert.equal(told.malformed.length, 2)
  })

  it('as a token concern that claim alone', async () => {
    const dir = freshDir()
    const { driver } = await openBoard({ dir })
    await driver.post(postings(2))
    const { session, grants } = await claimSome(driver, 2)
    const [first, second] = grants
    const database = await operator(dir)
    const set = `UPDATE jobboard_jobs SET token = ${huge} WHERE id = ?`
    database.prepare(set).run(first?.job.id ?? '')
    assert.equal((await driver.renew({ session, held: [] })).kind, 'alive')
    assert.ok(second !== undefined)
    const { claimId, token, job } = second
    const { endings } = await driver.settle(session, [{ jobId: job.id, claimId, token, how: 'consume' }])
    assert.deepEqual(endings, [{ kind: 'settled', how: 'consume' }])
  })

  it('as a time to live or a delay are cut', async () => {
    const { driver } = await openBoard({ dir: freshDir() })
    const far = posting({ delayMs: Number.MAX_SAFE_INTEGER })
    await driver.post([posting(), far])
    const { session, grants } = await claimSome(driver, 2, { ttlMs: Number.MAX_SAFE_INTEGER })
    assert.equal(grants.length, 1)
    assert.equal((await driver.renew({ session, held: [] })).kind, 'alive')
    const { found } = await driver.read({ kind: 'jobs', ids: [far.id] })
    assert.ok(typeof found[0] === 'object', 'it parses')
  })

  it('as the metadata of an entity hide that entity only', async () => {
    const dir = freshDir()
    const { driver, told } = await openBoard({ dir })
    const { session } = await claimSome(driver, 0)
    for (const name of ['bad', 'good'])
      await driver.administer({ kind: 'announce', session, entity: { kind: 'k', name, metadata: { a: 1 } } })
    ;(await operator(dir)).exec(`UPDATE jobboard_entities SET metadata = 'no' WHERE name = 'bad'`)
    const entities = await driver.read({ kind: 'entities' })
    assert.deepEqual(entities, [{ kind: 'k', name: 'good', metadata: { a: 1 } }])
    assert.match(told.malformed[0]?.where ?? '', /bad/)
  })
})

describe('a claim', () => {
  it('whose row was spoiled since is answered as ended when it is asked for again', async () => {
    const dir = freshDir()
    const { driver } = await openBoard({ dir })
    await driver.post(postings(2))
    const { session, grants } = await claimSome(driver, 1)
    ;(await operator(dir)).exec(`UPDATE jobboard_jobs SET book = 'no' WHERE state = 'claimed'`)
    const wish = { claimId: grants[0]?.claimId ?? '', owner: 'claimer' }
    assert.deepEqual(await driver.claimNext?.(session, [wish]), [{ kind: 'ended' }])
  })

  it('without a token is told to nobody', async () => {
    const dir = freshDir()
    const { driver } = await openBoard({ dir })
    await driver.post([posting()])
    const { session } = await claimSome(driver, 1)
    ;(await operator(dir)).exec('UPDATE jobboard_jobs SET token = NULL')
    assert.deepEqual(await driver.renew({ session, held: [] }), { kind: 'alive', lost: [], unnamed: [] })
  })
})

describe('what time does to very many rows', () => {
  it('a session with many claims is swept in pieces, so that nothing stands still', async () => {
    const { driver, told } = await openBoard({ dir: freshDir() })
    for (let i = 0; i < 6; i++) await driver.post(postings(256))
    const { session, grants } = await claimSome(driver, 1_400, { ttlMs: 1_000 })
    assert.equal(grants.length, 1_400)
    const claimed = (): number => told.changes.filter(change => change.change === 'claimed').length
    await eventually('the claims are told', () => claimed() === 1_400)
    const before = told.bursts.length
    await eventually('all are given back', async () => (await driver.read({ kind: 'counts' })).claimed === 0)
    const bursts = told.bursts.slice(before)
    assert.deepEqual([bursts.length, bursts.reduce((sum, size) => sum + size, 0)], [3, 1_400])
    const { grants: again } = await claimSome(driver, 1)
    assert.deepEqual(again[0]?.previous?.cause, 'expired')
    assert.deepEqual([again[0]?.job.losses, again[0]?.job.failures, again[0]?.job.attempts], [1, 1, 2])
    assert.deepEqual(await driver.renew({ session, held: [] }), { kind: 'over' })
  })

  it('a session that is swept in part is over, also when the clock is set back meanwhile', async () => {
    let jump = 0
    const clock = { ...heldClock(), now: () => Date.now() + jump }
    const changed = (): void => {
      jump = 0
    }
    const { driver } = await openBoard({ dir: freshDir() }, { clock }, { changed })
    for (let i = 0; i < 3; i++) await driver.post(postings(256))
    const { session } = await claimSome(driver, 600, { ttlMs: 60_000 })
    jump = 120_000
    assert.deepEqual(await driver.renew({ session, held: [] }), { kind: 'over' })
    assert.equal(jump, 0, 'between two pieces')
    assert.equal((await driver.read({ kind: 'counts' })).claimed, 0)
  })

  it('more than can be written within the time limit leaves the call undone', async () => {
    let [now, past] = [0, 0]
    const clock = { ...heldClock(), now: () => Date.now() + now, monotonic: () => past }
    const changed = (): void => {
      past += now
    }
    const { driver } = await openBoard({ dir: freshDir() }, { clock }, { changed })
    for (let i = 0; i < 3; i++) await driver.post(postings(256))
    await claimSome(driver, 600, { ttlMs: 60_000 })
    now = 120_000
    const job = posting()
    await assert.rejects(driver.post([job]), { kind: 'unavailable', done: 'no' })
    assert.deepEqual((await driver.post([job]))[0]?.kind, 'posted')
  })

  it('many delays that end at once are all claimable before the first claim chooses', async () => {
    let jump = 0
    const clock = { ...systemClock, now: () => Date.now() + jump }
    const { driver } = await openBoard({ dir: freshDir() }, { clock })
    for (let i = 0; i < 5; i++) await driver.post(postings(256, { delayMs: 60_000 }))
    const first = posting({ delayMs: 60_001, priority: 'VERY_HIGH' })
    await driver.post([first])
    jump = 120_000
    const { grants } = await claimSome(driver, 1)
    assert.equal(grants[0]?.job.id, first.id)
  })
})

describe('the view for people', () => {
  it('shows dates, also in old shells', async () => {
    const dir = freshDir()
    const { driver } = await openBoard({ dir })
    await driver.post([posting({ delayMs: 1_000 })])
    const row = (await operator(dir)).prepare('SELECT created_on, available_at FROM jobboard_view').get()
    for (const date of Object.values(row as object)) assert.match(date, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    const view = `SELECT sql FROM sqlite_schema WHERE name = 'jobboard_view'`
    const { sql } = (await operator(dir)).prepare(view).get() as { sql: string }
    assert.doesNotMatch(sql, /%[FT]/)
  })
})

describe('the file', () => {
  it('that was removed under a board makes it refuse, instead of taking jobs that nobody will see', async () => {
    const dir = freshDir()
    let now = 0
    const { driver } = await openBoard({ dir }, { clock: { ...systemClock, monotonic: () => now } })
    await driver.post([posting()])
    rmSync(dir, { recursive: true })
    now = 2_000
    await assert.rejects(driver.post([posting()]), { kind: 'incompatible', message: /removed or replaced/ })
  })

  it('holds each details text once, copied byte by byte, also through the trash', async () => {
    const { driver } = await openBoard({ dir: freshDir() })
    const details = '{ "b":1.0,\n"a":"\\u00e4\\ud83d\\ude00",  "b2":[1e3] }'
    const job = posting({ details })
    await driver.post([job])
    const { session, grants } = await claimSome(driver, 1)
    const { claimId, token } = grants[0] ?? assert.fail()
    const ending = {
      jobId: job.id,
      claimId,
      token,
      how: 'trash',
      reason: 'a\u0000b',
      error: '\ud800',
    } as const
    await driver.settle(session, [ending])
    const page = await driver.read({ kind: 'trash', limit: 10 })
    const { standing, details: trashed, order } = page.jobs[0] ?? assert.fail()
    assert.equal(trashed, details)
    assert.ok(standing.state === 'TRASHED' && standing.reason === 'a\u0000b' && standing.error === '\ud800')
    const answer = await driver.administer({ kind: 'restore', jobId: job.id, order })
    assert.equal(answer.kind === 'restored' && answer.job.details, details)
  })
})
