import { Jobboard, type JobboardDriver, type JobboardOptions } from '@jobboard/core'
import { DriverError } from '@jobboard/core/driver'
import { FakeClock, MemoryBackend, memory } from '@jobboard/memory'
import { beforeEach, describe, expect, it } from 'vitest'
import { Deferred, type Tampering, tampered, Watched } from './support.js'

let clock: FakeClock
let backend: MemoryBackend
let tampering: Tampering
let calls: string[]

beforeEach(() => {
  clock = new FakeClock()
  backend = new MemoryBackend(clock)
  tampering = {}
  calls = []
})

function makeBoard(options: JobboardOptions = {}, driver: JobboardDriver = memory({ backend })): Jobboard {
  return new Jobboard(tampered(driver, tampering, calls), { clock, ...options })
}

describe('connecting', () => {
  it('is needed before anything else', async () => {
    const board = makeBoard()
    expect(board.connected).toBe(false)
    expect(() => board.scope).toThrow(expect.objectContaining({ code: 'JOBBOARD_NOT_CONNECTED' }))
    await expect(board.post('job')).rejects.toMatchObject({ code: 'JOBBOARD_NOT_CONNECTED' })
    await expect(board.iterJobs().next()).rejects.toMatchObject({ code: 'JOBBOARD_NOT_CONNECTED' })
    expect(calls).toEqual([])
    await board.connect()
    expect(board.connected).toBe(true)
    expect(board.scope).toBe(backend.scope)
  })

  it('works after a driver has thrown instead of rejecting', async () => {
    const board = makeBoard()
    tampering.open = () => {
      throw new DriverError('unavailable', 'thrown')
    }
    await expect(board.connect()).rejects.toMatchObject({ code: 'JOBBOARD_UNAVAILABLE' })
    delete tampering.open
    await board.connect()
    expect(board.connected).toBe(true)
  })

  it('finds the scope of a backend that was wiped since, with the next session', async () => {
    let driver = memory({ backend })
    const wiped = new Proxy(driver, {
      get: (_target, key) => {
        const member: unknown = Reflect.get(driver, key)
        return typeof member === 'function' ? member.bind(driver) : member
      },
    })
    const board = await makeBoard({}, wiped).connect()
    const before = await board.claim(await board.post('job'))
    const after = new MemoryBackend(clock)
    driver = memory({ backend: after })
    const nothing = () => {}
    const sink = { changed: nothing, gap: nothing, doubt: nothing, malformed: nothing, trouble: nothing }
    const environment = {
      label: '',
      clock,
      logger: console,
      callTimeoutMs: 1_000,
      rememberMs: 60_000,
      refreshMs: 30_000,
    }
    await driver.open(sink, { ...environment, newId: () => 'id' })
    const claim = await board.claim(await board.post('job'))
    expect([before.scope, claim.scope, board.scope]).toEqual([backend.scope, after.scope, after.scope])
    await board.close()
  })

  it('twice, also at once, opens the driver once and answers the board', async () => {
    const board = makeBoard()
    await expect(Promise.all([board.connect(), board.connect()])).resolves.toEqual([board, board])
    await board.connect()
    expect(calls).toEqual(['open'])
  })

  it('can be tried again after a failure', async () => {
    tampering.open = () => Promise.reject(new DriverError('unavailable', 'down'))
    const board = makeBoard()
    await expect(board.connect()).rejects.toMatchObject({ code: 'JOBBOARD_UNAVAILABLE' })
    delete tampering.open
    await board.connect()
    expect(calls).toEqual(['open', 'open'])
  })

  it('fails in words of its own when the driver throws', async () => {
    tampering.open = () => {
      throw new TypeError('thrown, not rejected')
    }
    const board = makeBoard()
    await expect(board.connect()).rejects.toMatchObject({ code: 'JOBBOARD_DRIVER_DEFECT' })
    await board.close()
  })

  it('ends within the time limit, and waits on for the same opening when it is tried again', async () => {
    const opened = new Deferred<void>()
    tampering.open = proceed => opened.promise.then(proceed)
    const board = makeBoard({ requestTimeoutMs: 300 })
    const first = new Watched(board.connect())
    await clock.advance(300)
    expect(first.error).toMatchObject({ code: 'JOBBOARD_UNAVAILABLE' })
    const second = board.connect()
    opened.resolve()
    await second
    expect(calls).toEqual(['open'])
  })

  it('is refused after close', async () => {
    const board = makeBoard()
    await board.close()
    await expect(board.connect()).rejects.toMatchObject({ code: 'JOBBOARD_CLOSED' })
  })
})

describe('closing', () => {
  it('is done once, however often it is asked for', async () => {
    const board = await makeBoard().connect()
    expect(board.close()).toBe(board.close())
    await board.close()
    expect(calls.filter(call => call === 'close')).toEqual(['close'])
    expect(board.connected).toBe(false)
  })

  it('happens at the end of an `await using` block, which gives claims back as takeovers', async () => {
    const heir = await makeBoard().connect()
    const { id } = await heir.post('job')
    let signal: AbortSignal
    {
      await using board = await makeBoard().connect()
      signal = (await board.claim(id, 'first')).signal
    }
    expect(signal.reason).toMatchObject({ code: 'JOBBOARD_CLAIM_LOST', reason: 'closed' })
    const next = await heir.claim(id)
    expect(next.previous).toMatchObject({ owner: 'first', cause: 'closed' })
    await heir.close()
  })

  it('opens no session for a claim that was on its way', async () => {
    const board = await makeBoard().connect()
    const { id } = await board.post('job')
    const started = new Deferred<void>()
    tampering.startSession = async proceed => {
      await started.promise
      return proceed()
    }
    const claim = new Watched(board.claim(id))
    await clock.advance(0)
    const closing = board.close()
    started.resolve()
    await closing
    await clock.advance(60_000)
    expect(claim.error).toMatchObject({ code: 'JOBBOARD_CLOSED' })
    expect(backend.sessions.size).toBe(0)
    expect(calls.at(-1)).toBe('close')
    expect(calls.filter(call => call === 'startSession')).toHaveLength(1)
  })

  it('leaves no session behind of a claim that needs a second one', async () => {
    const board = await makeBoard().connect()
    const { id } = await board.post('job')
    const answered = new Deferred<void>()
    tampering.claim = async () => {
      await answered.promise
      return [{ kind: 'over' }]
    }
    const claim = new Watched(board.claim(id))
    await clock.advance(0)
    const closing = board.close()
    answered.resolve()
    await closing
    await clock.advance(60_000)
    expect(claim.state).toBe('failed')
    const count = (member: string): number => calls.filter(call => call === member).length
    // The first was told to be over already; the one in its place, if there was time for one, is ended.
    expect(count('endSession')).toBe(count('startSession') - 1)
    expect(calls.at(-1)).toBe('close')
  })

  it('ends in time while everything hangs, and calls the driver no more', async () => {
    const board = await makeBoard({ requestTimeoutMs: 900 }).connect()
    const { id } = await board.post('held')
    await board.claim(id)
    const hang = () => new Promise<never>(() => {})
    Object.assign(tampering, {
      post: hang,
      read: hang,
      claimNext: hang,
      renew: hang,
      endSession: hang,
      close: hang,
    })
    const running = [board.post('job'), board.count(), board.claimNext()].map(
      call => new Watched<unknown>(call),
    )
    const closed = new Watched(board.close())
    await clock.advance(900)
    expect(closed.error).toMatchObject({ code: 'JOBBOARD_UNAVAILABLE' })
    expect(running.map(({ state }) => state)).toEqual(['failed', 'failed', 'failed'])
    expect(running.map(({ error }) => (error as { code?: string }).code)).toEqual([
      'JOBBOARD_OUTCOME_UNKNOWN',
      'JOBBOARD_CLOSED',
      'JOBBOARD_OUTCOME_UNKNOWN',
    ])
    const before = calls.length
    expect(calls.at(-1)).toBe('close')
    await clock.advance(600_000)
    expect(calls).toHaveLength(before)
  })

  it('closes a driver once more whose opening ended later', async () => {
    const opened = new Deferred<void>()
    tampering.open = proceed => opened.promise.then(proceed)
    const board = makeBoard({ requestTimeoutMs: 300 })
    const connecting = new Watched(board.connect())
    const closed = new Watched(board.close())
    await clock.advance(300)
    expect(closed.state).toBe('done')
    expect(connecting.error).toMatchObject({ code: 'JOBBOARD_CLOSED' })
    opened.resolve()
    await clock.advance(0)
    expect(calls).toEqual(['open', 'close', 'close'])
  })

  it('says that the driver did not close', async () => {
    tampering.close = () => Promise.reject(new Error('a defect'))
    const board = await makeBoard().connect()
    await expect(board.close()).rejects.toMatchObject({
      code: 'JOBBOARD_UNAVAILABLE',
      message: 'The driver did not close: a defect',
    })
    await expect(board.post('job')).rejects.toMatchObject({ code: 'JOBBOARD_CLOSED' })
  })
})
