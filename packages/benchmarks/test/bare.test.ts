import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MapBoard } from '../src/bare/map-board.js'
import { SqliteBoard } from '../src/bare/sqlite-board.js'
import { inFlight } from '../src/in-flight.js'

/** A yardstick that did not do its work would flatter nobody but itself. */
describe('the bare loop on a Map', () => {
  it('gives each job to one owner, most urgent first, then oldest first, with tokens that grow', async () => {
    const board = new MapBoard()
    for (const [number, rank] of [3, 1, 3, 1].entries()) await board.post('job', { number }, rank)
    const claims = [await board.claimNext('a'), await board.claimNext('b'), await board.claimNext('a')]
    expect(claims.map(claim => claim?.job.details)).toEqual([{ number: 1 }, { number: 3 }, { number: 0 }])
    expect(claims.map(claim => claim?.token)).toEqual([1, 2, 3])
  })

  it('copies details, and refuses an ending that is not the current claim’s', async () => {
    const board = new MapBoard()
    const details = { list: [1] }
    await board.post('job', details, 2)
    details.list.push(2)
    const claim = await board.claimNext('a')
    if (claim === undefined) throw new Error('no claim')
    expect(claim.job.details).toEqual({ list: [1] })
    await board.consume(claim)
    await expect(board.consume(claim)).rejects.toThrow('lost')
    expect(await board.claimNext('a')).toBeUndefined()
  })
})

describe('the bare loop on SQLite', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'jobboard-bare-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  it('gives each job to one of many in flight, and refuses an ending that is not the current claim’s', async () => {
    using board = await SqliteBoard.open(folder, 'SQLite (@photostructure/sqlite)')
    board.fill(20, 'late', '{}', 3)
    board.fill(20, 'early', '{}', 1)
    const ids: string[] = []
    await inFlight(16, 40, async worker => {
      const row = await board.claimNext(`worker ${worker}`)
      if (row === undefined) throw new Error('no claim')
      ids.push(row.id)
      await board.consume(row, `worker ${worker}`)
      await expect(board.consume(row, `worker ${worker}`)).rejects.toThrow('lost')
    })
    expect(new Set(ids).size).toBe(40)
    expect(await board.claimNext('one more')).toBeUndefined()
  })
})
