import type { Jobboard } from '@jobboard/core'
import { DriverError } from '@jobboard/core/driver'
import { describe, expect, it } from 'vitest'
import { Boards } from './boards.js'
import { Watched } from './support.js'

/** What moves jobs out of the trash, and what is known of them afterwards. */

async function trash(board: Jobboard, id: string, reason = 'no use'): Promise<void> {
  await (await board.claim(id)).trash({ reason })
}

describe('an order whose reply was lost', () => {
  it.each(['restore', 'purge'] as const)('to %s does nothing to a later stay in the trash', async order => {
    const boards = new Boards()
    // Without receipts, so that the id of a purged job is free at once.
    const [board, worker] = [
      await boards.connect({ rememberMs: 0 }),
      await boards.neighbour({ rememberMs: 0 }),
    ]
    const post = () => worker.post('poison', { id: 'p' })
    await post()
    await trash(worker, 'p', 'the first time')
    boards.tampering.administer = async proceed => {
      delete boards.tampering.administer
      await proceed()
      // Somebody goes on with the job before the order is sent again.
      if (order === 'purge') await post()
      await trash(worker, 'p', 'the second time')
      throw new DriverError('unavailable', 'the reply was lost')
    }
    const ordered = new Watched<unknown>(order === 'restore' ? board.restore('p') : board.purge('p'))
    await boards.clock.advance(5_000)
    expect(ordered.state).not.toBe('open')
    expect((await worker.find('p'))?.trashedWith?.reason).toBe('the second time')
  })
})

describe('a purged job', () => {
  it('is never taken for a finished one, however long it was in the trash before', async () => {
    const boards = new Boards()
    const board = await boards.connect({ rememberMs: 60_000 })
    const stranger = await boards.neighbour()
    const job = await board.post('job')
    const seenBefore = await stranger.find(job)
    await trash(board, job.id)
    await job.refresh()
    await boards.clock.advance(120_000)
    for await (const trashed of board.trashed()) {
      await trashed.purge()
      expect((await trashed.refresh()).state).toBe('UNKNOWN')
      expect(await trashed.wait({ timeoutMs: 0 })).toBe('UNKNOWN')
    }
    expect((await job.refresh()).state).toBe('UNKNOWN')
    // Who never saw it in the trash learns it from the receipt of the purge.
    expect((await seenBefore?.refresh())?.state).toBe('UNKNOWN')
    await boards.clock.advance(120_000)
    expect((await job.refresh()).state).toBe('UNKNOWN')
  })

  it('that is posted again stays unknown when its receipt is over', async () => {
    const boards = new Boards()
    const board = await boards.connect()
    const { id } = await board.post('job', { id: 'i' })
    await trash(board, id)
    await board.purge(id)
    const again = await board.post('job', { id })
    expect(again.state).toBe('UNKNOWN')
    await boards.clock.advance(120_000)
    expect((await again.refresh()).state).toBe('UNKNOWN')
  })
})

it('a trash that is shown while a job leaves it and comes back shows that job once', async () => {
  const boards = new Boards()
  const board = await boards.connect()
  for (let i = 0; i < 250; i++) {
    await board.post('job', { id: `j${i}` })
    await trash(board, `j${i}`)
  }
  const shown: string[] = []
  for await (const { id } of board.trashed()) {
    shown.push(id)
    if (id !== 'j100') continue
    await board.restore('j0')
    await boards.clock.advance(5)
    await trash(board, 'j0')
  }
  expect(new Set(shown).size).toBe(shown.length)
})
