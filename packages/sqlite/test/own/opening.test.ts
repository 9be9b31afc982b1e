import assert from 'node:assert/strict'
import {
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, it, onTestFinished } from 'vitest'
import { driver, sqlite } from '../../src/index.js'
import { openEngine } from '../engines.js'
import { child } from './children.js'
import { environment, freshDir, openBoard, operator, posting, postings } from './open-board.js'

async function refusal(dir: string): Promise<{ readonly kind?: string; readonly message: string }> {
  return await openBoard({ dir }).then(
    () => assert.fail('it opened'),
    error => error,
  )
}

describe('opening a board', () => {
  it('makes the folder, its parents and the tables', async () => {
    const dir = join(freshDir(), 'a', 'b')
    await openBoard({ dir })
    assert.ok(existsSync(join(dir, 'board.db')))
  })

  it('by many processes at once gives one scope', async () => {
    const dir = join(freshDir(), 'new')
    const children = Array.from({ length: 6 }, () => child('open', dir))
    const facts = await Promise.all(children.map(one => one.next()))
    assert.equal(new Set(facts.map(fact => (fact as { scope: string }).scope)).size, 1)
  })

  it('finds the board that is there, and its jobs', async () => {
    const dir = freshDir()
    const first = await openBoard({ dir })
    await first.driver.post(postings(3))
    await first.driver.close()
    const second = await openBoard({ dir })
    assert.equal(second.scope, first.scope)
    assert.equal((await second.driver.read({ kind: 'counts' })).unclaimed, 3)
  })

  it('can be tried again after it failed', async () => {
    const dir = freshDir()
    writeFileSync(join(dir, 'board.db'), 'no database, but long enough to be read as one'.repeat(100))
    const board = sqlite({ dir })
    const sink = { changed() {}, gap() {}, doubt() {}, malformed() {}, trouble() {} }
    await assert.rejects(board.open(sink, environment()), { name: 'DriverError', kind: 'incompatible' })
    rmSync(join(dir, 'board.db'))
    await board.open(sink, environment())
    await board.close()
  })
})

describe('what is refused at opening', () => {
  it('a file that is no database, left as it is', async () => {
    const dir = freshDir()
    const text = 'these are notes'.repeat(500)
    writeFileSync(join(dir, 'board.db'), text)
    const error = await refusal(dir)
    assert.equal(error.kind, 'incompatible')
    assert.match(error.message, /choose another folder/)
    assert.equal(readFileSync(join(dir, 'board.db'), 'utf8'), text)
  })

  it("another program's database", async () => {
    const dir = freshDir()
    const { DatabaseSync } = await openEngine()
    const other = new DatabaseSync(join(dir, 'board.db'))
    other.exec('CREATE TABLE invoices (id)')
    other.close()
    const bytes = readFileSync(join(dir, 'board.db'))
    const error = await refusal(dir)
    assert.equal(error.kind, 'incompatible')
    assert.match(error.message, /another program/)
    assert.ok(readFileSync(join(dir, 'board.db')).equals(bytes), 'left as it is')
  })

  it('a table named jobboard that is not ours', async () => {
    const dir = freshDir()
    ;(await operator(dir)).exec('CREATE TABLE jobboard (a)')
    const error = await refusal(dir)
    assert.equal(error.kind, 'incompatible')
    assert.match(error.message, /not of a board/)
  })

  it('a board without its one row', async () => {
    const dir = freshDir()
    await (await openBoard({ dir })).driver.close()
    ;(await operator(dir)).exec('DELETE FROM jobboard')
    const error = await refusal(dir)
    assert.equal(error.kind, 'incompatible')
    assert.match(error.message, /restore a copy/)
  })

  it('a board of a later version', async () => {
    const dir = freshDir()
    await (await openBoard({ dir })).driver.close()
    const { DatabaseSync } = await openEngine()
    const database = new DatabaseSync(join(dir, 'board.db'))
    database.exec('UPDATE jobboard SET version = version + 1')
    database.close()
    const error = await refusal(dir)
    assert.equal(error.kind, 'incompatible')
    assert.match(error.message, /version 2.*update @jobboard\/sqlite/)
  })

  it('a damaged file', async () => {
    const dir = freshDir()
    await child('open', dir).ended
    const file = join(dir, 'board.db')
    const { DatabaseSync } = await openEngine()
    const database = new DatabaseSync(file)
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    database.close()
    writeFileSync(file, readFileSync(file).fill(0xab, 100, 4_096))
    const error = await refusal(dir)
    assert.equal(error.kind, 'incompatible')
    assert.match(error.message, /damaged/)
  })

  it('a file where the folder should be', async () => {
    const dir = join(freshDir(), 'file')
    writeFileSync(dir, '')
    const error = await refusal(dir)
    assert.equal(error.kind, 'incompatible')
    assert.match(error.message, /a file where the folder should be/)
    assert.equal((await refusal(join(dir, 'below'))).kind, 'incompatible')
  })

  it('a folder that cannot be made', async () => {
    const dir = join(freshDir(), 'link')
    symlinkSync(join(dir, '..', 'nowhere', 'below'), dir)
    const error = await refusal(dir)
    assert.equal(error.kind, 'forbidden')
    assert.match(error.message, /cannot be made here/)
  })

  it('a folder where the file should be', async () => {
    const dir = freshDir()
    mkdirSync(join(dir, 'board.db'))
    assert.equal((await refusal(dir)).kind, 'forbidden')
  })
})

describe('tables that another version has changed while the board was open', () => {
  it('are refused', async () => {
    const dir = freshDir()
    const { driver } = await openBoard({ dir })
    ;(await operator(dir)).exec('UPDATE jobboard SET version = version + 1')
    const refusal = { kind: 'incompatible', done: 'no', message: /update @jobboard\/sqlite/ }
    await assert.rejects(driver.post([posting()]), refusal)
    await assert.rejects(driver.read({ kind: 'counts' }), refusal)
  })
})

describe('options and URLs', () => {
  it('unknown options are refused with the known ones', () => {
    assert.throws(() => driver.create({ dir: 'x', syncronous: 'FULL' }), {
      name: 'InvalidOptionsError',
      message: /unknown option "syncronous"; known are dir, database, synchronous, pollMs, engine/,
    })
  })

  it('wants a folder or a database', () => {
    for (const options of [
      {},
      { dir: '' },
      { dir: 'x', database: { prepare() {}, exec() {}, location() {} } },
    ]) {
      assert.throws(() => driver.create(options), { name: 'InvalidOptionsError' })
    }
  })

  it('reads the folder from a URL', () => {
    const parse = (rest: string, query = {}): unknown => driver.parseUrl({ scheme: 'file', rest, query })
    assert.deepEqual(parse('./.jobboard'), { dir: './.jobboard' })
    assert.deepEqual(parse('/var/lib/a b'), { dir: '/var/lib/a b' })
    assert.deepEqual(parse('///var/lib/a%20b'), { dir: '/var/lib/a b' })
    assert.deepEqual(parse('x', { pollMs: '30' }), { pollMs: '30', dir: 'x' })
    assert.doesNotThrow(() => driver.create({ pollMs: '30', dir: 'x' }))
  })

  it('refuses the URL of another machine, and says what to write', () => {
    for (const rest of ['//./x', '//host/x', '///a%2fb']) {
      assert.throws(() => driver.parseUrl({ scheme: 'file', rest, query: {} }), {
        name: 'InvalidOptionsError',
        message: /write file:DIR or file:\/\/\/absolute\/dir/,
      })
    }
  })

  it('takes a relative folder as it was when the driver was made', async () => {
    const [before, dir] = [process.cwd(), realpathSync(freshDir())]
    onTestFinished(() => process.chdir(before))
    process.chdir(dir)
    const board = sqlite({ dir: 'board' })
    process.chdir(before)
    const sink = { changed() {}, gap() {}, doubt() {}, malformed() {}, trouble() {} }
    await board.open(sink, environment())
    await board.close()
    assert.ok(existsSync(join(dir, 'board', 'board.db')))
  })

  it('wants no engine beside a database', () => {
    const database = { prepare() {}, exec() {}, location() {} }
    assert.throws(() => driver.create({ database, engine: 'package' }), {
      name: 'InvalidOptionsError',
      message: /engine must not be given together with database/,
    })
  })
})
