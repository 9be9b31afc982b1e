import assert from 'node:assert/strict'
import { linkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'vitest'
import { checkVersion } from '../../src/engine.js'
import { child, laterNode } from './children.js'
import { freshDir, openBoard } from './open-board.js'

describe('the choice of SQLite', () => {
  it('refuses versions with the WAL-reset bug', () => {
    for (const version of ['3.51.2', '3.45.1', '3.9.99', '2.99.99']) {
      assert.throws(() => checkVersion(version, 'this'), {
        kind: 'incompatible',
        message: /3\.51\.3 or later/,
      })
    }
    for (const version of ['3.51.3', '3.51.10', '3.53.0', '4.0.0']) checkVersion(version, 'this')
  })

  it('takes the package where it is asked for', async () => {
    const dir = freshDir()
    const { driver } = await openBoard({ dir, engine: 'package' })
    assert.equal((await driver.read({ kind: 'counts' })).unclaimed, 0)
  })

  it('takes what Node.js has built in, where that is new enough', async () => {
    const facts = await child('open', freshDir(), '', laterNode).next()
    assert.match((facts as { server: string }).server, /^SQLite 3\.\d+\.\d+ \(node:sqlite\)$/)
  })

  it('boards of both kinds work on one file, in processes of their own', async () => {
    const dir = freshDir()
    const { scope } = await openBoard({ dir })
    const facts = await child('open', dir, '', laterNode).next()
    assert.equal((facts as { scope: string }).scope, scope)
  })

  it('never has two builds on one file in one process', async () => {
    const answer = await child('both', freshDir(), '', laterNode).next()
    const { kind, message } = answer as { kind: string; message: string }
    assert.equal(kind, 'incompatible')
    assert.match(message, /another build of SQLite/)
  })

  it('knows the file by another name', async () => {
    const [dir, other] = [freshDir(), freshDir()]
    await child('open', dir).ended
    linkSync(join(dir, 'board.db'), join(other, 'board.db'))
    const { kind } = (await child('both', dir, other, laterNode).next()) as { kind: string }
    assert.equal(kind, 'incompatible')
  })
})
