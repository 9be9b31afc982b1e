import { join } from 'node:path'
import { Jobboard } from '@jobboard/core'
import { sqlite } from '../src/index.js'
import { openEngine } from './engines.js'

/** Writes a job, as an operator's mistake might, whose details are no JSON, at the head of the queue. */
export async function plantMalformed(dir: string, id: string): Promise<void> {
  await makeBoard(dir)
  const { DatabaseSync } = await openEngine()
  const database = new DatabaseSync(join(dir, 'board.db'), { timeout: 5_000 })
  try {
    database.exec('BEGIN IMMEDIATE')
    const order = 'UPDATE jobboard SET last_order = last_order + 1 RETURNING last_order AS next'
    const { next } = database.prepare(order).get() as { next: number }
    const columns = 'seat, entry, id, name, priority, hash, created_on, state'
    database
      .prepare(
        `INSERT INTO jobboard_jobs (${columns}) VALUES (?, ?, ?, 'planted', 'VERY_HIGH', '', 0, 'ready')`,
      )
      .run(next, next, id)
    database.prepare('INSERT INTO jobboard_details VALUES (?, ?)').run(next, 'not JSON')
    database.exec('COMMIT')
  } finally {
    database.close()
  }
}

/** A board that nobody opened yet has no tables. */
async function makeBoard(dir: string): Promise<void> {
  const board = new Jobboard(sqlite({ dir }))
  await board.connect()
  await board.close()
}
