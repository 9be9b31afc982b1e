import { describe, expect, it } from 'vitest'
import { Boards, hang } from './boards.js'
import { Watched } from './support.js'

const entity = { kind: 'conductor', name: 'n' }

describe('an entity', () => {
  it('is never said to be listed when it is not', async () => {
    const boards = new Boards()
    const board = await boards.connect()
    boards.tampering.administer = async () => ({ kind: 'over' })
    const registered = new Watched(board.registerEntity(entity))
    await boards.clock.advance(1)
    expect(registered.error).toMatchObject({ code: 'JOBBOARD_UNAVAILABLE' })
  })

  it('is listed as soon as a session can be had, though the first grants came too late', async () => {
    const boards = new Boards()
    const board = await boards.connect({ sessionTtlMs: 1_000 })
    boards.tampering.startSession = async proceed => {
      const grant = await proceed()
      await boards.sleep(600)
      return grant
    }
    const registered = new Watched(board.registerEntity(entity))
    await boards.clock.advance(3_000)
    expect(registered.error).toMatchObject({ code: 'JOBBOARD_UNAVAILABLE' })
    expect(await board.entities()).toEqual([])
    delete boards.tampering.startSession
    await boards.clock.advance(3_000)
    expect(await board.entities()).toEqual([{ ...entity, metadata: {} }])
  })

  it('costs a backend that ends every session no more than a few sessions', async () => {
    const boards = new Boards()
    const board = await boards.connect({ sessionTtlMs: 12_000 })
    boards.tampering.administer = async () => ({ kind: 'over' })
    board.registerEntity(entity).catch(() => {})
    await boards.clock.advance(60_000)
    expect(boards.calls.filter(call => call === 'startSession').length).toBeLessThan(200)
  })

  it('is registered within the time limit of one call, or not at all', async () => {
    const boards = new Boards()
    const board = await boards.connect({ requestTimeoutMs: 1_000 })
    boards.tampering.startSession = async proceed => {
      await boards.sleep(390)
      return proceed()
    }
    boards.tampering.administer = hang
    const registered = new Watched(board.registerEntity(entity))
    await boards.clock.advance(1_000)
    expect(registered.error).toMatchObject({ code: 'JOBBOARD_OUTCOME_UNKNOWN' })
  })

  it('belongs to the board that announced it last', async () => {
    const boards = new Boards()
    const [first, second] = [await boards.connect(), await boards.neighbour()]
    await first.registerEntity({ ...entity, metadata: { of: 'first' } })
    await second.registerEntity({ ...entity, metadata: { of: 'second' } })
    expect(await first.entities()).toEqual([{ ...entity, metadata: { of: 'second' } }])
    await first.close()
    expect(await second.entities()).toEqual([{ ...entity, metadata: { of: 'second' } }])
    await second.close()
    expect(await (await boards.neighbour()).entities()).toEqual([])
  })
})
