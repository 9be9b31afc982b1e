import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, onTestFinished } from 'vitest'
import type { Database } from '../../src/index.js'
import { type EngineOptions, failing, openEngine, sqliteError } from '../engines.js'
import { claimSome, eventually, freshDir, heldClock, openBoard, posting, postings } from './open-board.js'

async function database(
  options: EngineOptions = {},
  file: string = join(freshDir(), 'mine.db'),
): Promise<Database> {
  const { DatabaseSync } = await openEngine()
  const opened = new DatabaseSync(file, options)
  onTestFinished(() => {
    try {
      opened.close()
    } catch {
      // The test closed it.
    }
  })
  return opened
}

describe('a database that was passed in', () => {
  it('stays open, with its other tables', async () => {
    const mine = await database()
    mine.exec('CREATE TABLE mine (a)')
    const { driver } = await openBoard({ database: mine })
    await driver.post(postings(2))
    await driver.close()
    assert.equal((mine.prepare('SELECT count(*) AS n FROM jobboard_jobs').get() as { n: number }).n, 2)
    assert.equal((mine.prepare('SELECT count(*) AS n FROM mine').get() as { n: number }).n, 0)
  })

  it("waits for its owner's transaction, and leaves it alone", async () => {
    const mine = await database()
    const { driver } = await openBoard({ database: mine })
    mine.exec('CREATE TABLE mine (a)')
    mine.exec('BEGIN; INSERT INTO mine VALUES (1)')
    let posted = false
    const post = driver.post([posting()]).then(() => {
      posted = true
    })
    await new Promise(resolve => setImmediate(resolve))
    assert.equal(posted, false)
    assert.equal(mine.isTransaction, true)
    mine.exec('COMMIT')
    await post
    assert.equal((mine.prepare('SELECT count(*) AS n FROM mine').get() as { n: number }).n, 1)
  })

  it('must be in a file', async () => {
    await assert.rejects(openBoard({ database: await database({}, ':memory:') }), {
      kind: 'incompatible',
      message: /no write-ahead log/,
    })
  })

  it('that may not be written is refused, with the reason', async () => {
    const dir = freshDir()
    const file = join(dir, 'board.db')
    await (await openBoard({ dir })).driver.close()
    const { driver } = await openBoard({ database: await database({ readOnly: true }, file) })
    await assert.rejects(driver.post([posting()]), {
      kind: 'forbidden',
      done: 'no',
      message: /readable and writable/,
    })
  })

  it('that is full is told from an outage, and the board works on when there is room', async () => {
    const mine = await database()
    const { driver, told } = await openBoard({ database: mine })
    const { page_count } = mine.prepare('PRAGMA page_count').get() as { page_count: number }
    mine.prepare(`PRAGMA max_page_count = ${page_count + 2}`).get()
    const large = { details: JSON.stringify({ text: 'x'.repeat(100_000) }) }
    await assert.rejects(driver.post([posting(), posting(large)]), {
      kind: 'limit',
      done: 'no',
      message: /room on the disk/,
    })
    assert.equal((await driver.read({ kind: 'counts' })).unclaimed, 0, 'nothing of the batch was done')
    mine.prepare('PRAGMA max_page_count = 1000000').get()
    await driver.post([posting(large)])
    await eventually('the change is told', () => told.changes.length === 1)
  })

  it('may have two boards: each hears of the other', async () => {
    const mine = await database()
    const [one, two] = [await openBoard({ database: mine }), await openBoard({ database: mine })]
    await one.driver.post([posting()])
    await eventually('the other one is told', () => two.told.changes.length === 1)
  })

  it('may be set to bigints and arrays', async () => {
    const { driver } = await openBoard({
      database: await database({ readBigInts: true, returnArrays: true }),
    })
    await driver.post([posting()])
    const { grants } = await claimSome(driver, 1)
    assert.equal(grants[0]?.token, 1n)
    assert.deepEqual(await driver.read({ kind: 'counts' }), {
      unclaimed: 0,
      delayed: 0,
      claimed: 1,
      trashed: 0,
    })
  })

  it('that its owner closed is told as that', async () => {
    const mine = await database()
    const { driver } = await openBoard({ database: mine })
    mine.close()
    const clear = { kind: 'incompatible', done: 'no', message: /its owner closed the database/ }
    await assert.rejects(driver.post([posting()]), clear)
    await assert.rejects(driver.read({ kind: 'counts' }), clear)
  })

  it("whose owner's transaction does not end is told as that", async () => {
    const mine = await database()
    const { driver } = await openBoard({ database: mine }, { callTimeoutMs: 50 })
    mine.exec('BEGIN')
    await assert.rejects(driver.post([posting()]), { kind: 'unavailable', message: /end the transaction/ })
  })

  it('that cannot be written by now answers, and asks nobody to look for what is due again at once', async () => {
    let [jump, fault]: [number, Error | undefined] = [0, undefined]
    const mine = failing(await database(), 'BEGIN IMMEDIATE', () => fault)
    const clock = { ...heldClock(), now: () => Date.now() + jump }
    const { driver } = await openBoard({ database: mine }, { clock })
    await driver.post([posting({ delayMs: 60_000 })])
    jump = 120_000
    fault = sqliteError(8)
    const page = await driver.read({ kind: 'list', states: 'unclaimed', limit: 10, fresh: true })
    assert.deepEqual(page, { jobs: [], malformed: [], nextChangeInMs: 1_000 })
  })

  it('whose file was removed is refused', async () => {
    const dir = freshDir()
    const mine = await database({}, join(dir, 'mine.db'))
    mine.exec('CREATE TABLE mine (a)')
    rmSync(dir, { recursive: true })
    await assert.rejects(openBoard({ database: mine }), { name: 'DriverError' })
  })
})

describe('a commit that fails', () => {
  const doubts = [
    [13, 'limit', 'no'],
    [8, 'forbidden', 'no'],
    [10, 'unavailable', 'maybe'],
    [7, 'limit', 'maybe'],
  ] as const

  for (const [code, kind, done] of doubts) {
    it(`with code ${code}: whether it was done is "${done}"`, async () => {
      let fault: Error | undefined
      const mine = failing(await database(), 'COMMIT', () => fault)
      const { driver } = await openBoard({ database: mine }, { clock: heldClock() })
      fault = sqliteError(code)
      await assert.rejects(driver.post([posting()]), { kind, done })
    })
  }

  it('tells nothing of what it met', async () => {
    let fault: Error | undefined
    const mine = failing(await database(), 'COMMIT', () => fault)
    const { driver, told } = await openBoard({ database: mine }, { clock: heldClock() })
    await driver.post([posting()])
    const { session } = await claimSome(driver, 0)
    mine.exec(`UPDATE jobboard_details SET details = 'no'`)
    const wishes = [{ claimId: 'a', owner: 'o' }]
    fault = sqliteError(13)
    await assert.rejects(driver.claimNext?.(session, wishes) ?? assert.fail())
    assert.equal(told.malformed.length, 0)
    fault = undefined
    await driver.claimNext?.(session, wishes)
    assert.equal(told.malformed.length, 1)
  })
})

describe('a listener of what does not parse', () => {
  it('runs outside of the transaction that met it', async () => {
    const mine = await database()
    const open: boolean[] = []
    const malformed = (): void => void open.push(mine.isTransaction)
    const { driver } = await openBoard({ database: mine }, {}, { malformed })
    await driver.post([posting()])
    mine.exec(`UPDATE jobboard_details SET details = 'no'`)
    await claimSome(driver, 1)
    assert.deepEqual(open, [false])
  })
})
