import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { ListQuery, PageAnswer } from '@jobboard/core/driver'
import { describe, it } from 'vitest'
import {
  claimSome,
  eventually,
  freshDir,
  heldClock,
  type OpenBoard,
  openBoard,
  operator,
  posting,
  postings,
} from './open-board.js'

const large = JSON.stringify({ text: 'x'.repeat(400_000) })

/** A board whose bursts show its transactions: each one that changes something is told at once. */
async function withLargeJobs(count: number): Promise<OpenBoard> {
  const board = await openBoard({ dir: freshDir() }, { clock: heldClock() })
  await board.driver.post(postings(count, { details: large }))
  return board
}

async function pages(board: OpenBoard, query: Partial<ListQuery>): Promise<readonly PageAnswer[]> {
  const found: PageAnswer[] = []
  let after: { readonly after?: string } = {}
  do {
    const whole = { kind: 'list', states: 'all', limit: 200, fresh: true, ...query, ...after } as const
    const page = await board.driver.read(whole)
    found.push(page)
    after = page.next === undefined ? {} : { after: page.next }
  } while (after.after !== undefined)
  return found
}

describe('large details are moved in pieces', () => {
  it('when jobs are posted', async () => {
    const { told } = await withLargeJobs(12)
    assert.deepEqual(told.bursts, [5, 5, 2])
  })

  it('when jobs are claimed and ended', async () => {
    const { driver, told } = await withLargeJobs(12)
    told.bursts.splice(0)
    const { session, grants } = await claimSome(driver, 13)
    assert.equal(grants.length, 12)
    assert.deepEqual(told.bursts, [5, 5, 2])
    const [first, second] = grants
    assert.ok(first !== undefined && second !== undefined)
    const { endings, wishes } = await driver.settle(
      session,
      [first, second].map(({ job, claimId, token }) => ({ jobId: job.id, claimId, token, how: 'consume' })),
      [{ claimId: randomUUID(), owner: 'o' }],
    )
    assert.deepEqual([endings.length, wishes?.map(({ kind }) => kind)], [2, ['none']])
  })

  it('when jobs are listed: pages are shorter, and nothing is left out', async () => {
    const board = await withLargeJobs(12)
    await claimSome(board.driver, 6)
    for (const [states, count] of [
      ['all', 12],
      ['claimed', 6],
      ['unclaimed', 6],
    ] as const) {
      const found = await pages(board, { states })
      assert.ok(found.every(({ jobs }) => jobs.length <= 5))
      assert.equal(new Set(found.flatMap(({ jobs }) => jobs.map(({ id }) => id))).size, count)
    }
  })

  it('when jobs of some names are listed, in their common order', async () => {
    const board = await openBoard({ dir: freshDir() })
    const jobs = Array.from({ length: 12 }, (_, i) => posting({ name: `n${i % 3}`, details: large }))
    await board.driver.post(jobs)
    const found = await pages(board, { states: 'unclaimed', names: ['n0', 'n2', 'n0'] })
    assert.ok(found.every(page => page.jobs.length <= 5))
    assert.deepEqual(
      found.flatMap(page => page.jobs.map(({ id }) => id)),
      jobs.filter(({ name }) => name !== 'n1').map(({ id }) => id),
    )
  })

  it('when many are asked for by their ids', async () => {
    const { driver } = await withLargeJobs(12)
    const ids = (await driver.read({ kind: 'list', states: 'all', limit: 200, fresh: true })).jobs.map(
      ({ id }) => id,
    )
    const { found } = await driver.read({ kind: 'jobs', ids: [...ids, 'none'] })
    assert.deepEqual(
      found.map(job => (typeof job === 'string' ? job : job.id)),
      [...ids, 'absent'],
    )
  })
})

describe('a session that ends with many claims', () => {
  it('gives them back in pieces', async () => {
    const { driver, told } = await openBoard({ dir: freshDir() })
    for (let i = 0; i < 5; i++) await driver.post(postings(256))
    const { session } = await claimSome(driver, 1_200)
    await eventually('the claims are told', () => told.changes.length === 1_280 + 1_200)
    told.bursts.splice(0)
    await driver.endSession(session, 'closed')
    assert.equal(told.bursts.length, 3)
    assert.deepEqual((await driver.read({ kind: 'counts' })).claimed, 0)
  })

  it('ends as it was said also when its process does not come to the end of it', async () => {
    const dir = freshDir()
    let end = (): void => {}
    const { driver } = await openBoard({ dir }, {}, { changed: () => end() })
    const other = await openBoard({ dir })
    for (let i = 0; i < 3; i++) await driver.post(postings(256))
    const { session } = await claimSome(driver, 600)
    end = () => void driver.close()
    await assert.rejects(driver.endSession(session, 'closed'), { message: /closed/ })
    await eventually('the others give back the rest', async () => {
      return (await other.driver.read({ kind: 'counts' })).claimed === 0
    })
    const { grants } = await claimSome(other.driver, 768)
    const takeovers = grants.filter(({ previous }) => previous?.cause === 'closed')
    assert.deepEqual([takeovers.length, grants.filter(({ job }) => job.losses > 0).length], [600, 0])
  })
})

describe('receipts that nobody needs any more', () => {
  it('are forgotten a few at a time, but faster than others are added', async () => {
    const dir = freshDir()
    const { driver } = await openBoard({ dir })
    const database = await operator(dir)
    const left = (): number =>
      (
        database.prepare(`SELECT count(*) AS n FROM jobboard_receipts WHERE hash = 'old'`).get() as {
          n: number
        }
      ).n
    database.exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
      INSERT INTO jobboard_receipts SELECT 'old' || i, 'job', i, 'consume', 'old', 1 FROM n`)
    await driver.post(postings(100))
    assert.ok(left() >= 1_900, `${left()} left`)
    const { session, grants } = await claimSome(driver, 100)
    const endings = grants.map(
      ({ job, claimId, token }) => ({ jobId: job.id, claimId, token, how: 'consume' }) as const,
    )
    await driver.settle(session, endings)
    const before = left()
    await driver.post([posting()])
    assert.ok(before - left() >= 200, `${before - left()} forgotten`)
  })
})
