import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it, onTestFinished } from 'vitest'
import type { Database } from '../../src/index.js'
import { openEngine } from '../engines.js'
import { eventually, freshDir, openBoard, posting, postings } from './open-board.js'

async function database(readOnly = false, file = join(freshDir(), 'mine.db')): Promise<Database> {
  const { DatabaseSync } = await openEngine()
  const opened = new DatabaseSync(file, { readOnly })
  onTestFinished(() => opened.close())
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
    await assert.rejects(openBoard({ database: await database(false, ':memory:') }), {
      kind: 'incompatible',
      message: /no write-ahead log/,
    })
  })

  it('that may not be written is refused, with the reason', async () => {
    const dir = freshDir()
    const file = join(dir, 'board.db')
    await (await openBoard({ dir })).driver.close()
    const { driver } = await openBoard({ database: await database(true, file) })
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
})
