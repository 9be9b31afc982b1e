import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'vitest'
import { openEngine } from '../engines.js'
import { child } from './children.js'
import { eventually, freshDir, openBoard } from './open-board.js'

interface Acknowledged {
  readonly posted?: readonly string[]
  readonly consumed?: string
  readonly token?: number
}

describe('processes that are killed in the middle of their writes', () => {
  it('lose nothing that was acknowledged, damage nothing, and hold nothing', async () => {
    const dir = freshDir()
    const { driver } = await openBoard({ dir })
    const told: Acknowledged[] = []
    for (let round = 0; round < 5; round++) {
      const churners = [child('churn', dir), child('churn', dir)]
      const enough = 20 + round * 7
      await eventually('they are at work', () => churners.every(one => one.told.length > enough))
      for (const one of churners) one.kill('SIGKILL')
      await Promise.all(churners.map(one => one.ended))
      told.push(...churners.flatMap(one => one.told as readonly Acknowledged[]))
    }
    const posted = told.flatMap(({ posted }) => posted ?? [])
    const consumed = told.flatMap(({ consumed }) => consumed ?? [])
    const tokens = told.flatMap(({ token }) => token ?? [])
    const { found } = await driver.read({ kind: 'jobs', ids: posted })
    const absent = posted.filter((_, i) => found[i] === 'absent')
    const back = consumed.filter(id => found[posted.indexOf(id)] !== 'consumed')
    assert.deepEqual(absent, [], 'posted, and there is no trace of it')
    assert.deepEqual(back, [], 'consumed, and there again')
    assert.equal(new Set(tokens).size, tokens.length, 'each token once')
    const claims = async (): Promise<number> => (await driver.read({ kind: 'counts' })).claimed
    await eventually('nothing is held by the dead', async () => (await claims()) === 0)
    assert.deepEqual(await integrity(dir), { integrity_check: 'ok' })
  })
})

async function integrity(dir: string): Promise<unknown> {
  const { DatabaseSync } = await openEngine()
  const database = new DatabaseSync(join(dir, 'board.db'))
  try {
    return { ...(database.prepare('PRAGMA integrity_check').get() as object) }
  } finally {
    database.close()
  }
}
