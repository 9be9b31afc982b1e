import { type Claim, Jobboard, type JobboardOptions } from '@jobboard/core'
import { DriverError } from '@jobboard/core/driver'
import { FakeClock, MemoryBackend, memory } from '@jobboard/memory'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Deferred, type Tampering, tampered, Watched } from './support.js'

const ttlMs = 12_000
const timeoutMs = 1_000

let clock: FakeClock
let backend: MemoryBackend
let tampering: Tampering
let calls: string[]
const boards: Jobboard[] = []

beforeEach(() => {
  clock = new FakeClock()
  backend = new MemoryBackend(clock)
  tampering = {}
  calls = []
})

afterEach(async () => {
  for (const key of Object.keys(tampering)) delete tampering[key as keyof Tampering]
  const closing = Promise.all(boards.splice(0).map(board => board.close()))
  await clock.advance(60_000)
  await closing
})

async function connect(options: JobboardOptions = {}): Promise<Jobboard> {
  const settings = { clock, sessionTtlMs: ttlMs, requestTimeoutMs: timeoutMs, ...options }
  const board = new Jobboard(tampered(memory({ backend }), tampering, calls), settings)
  boards.push(board)
  return board.connect()
}

async function claimed(board: Jobboard): Promise<Claim> {
  return board.claim(await board.post('job'))
}

const lostReply = async (proceed: () => unknown): Promise<never> => {
  await proceed()
  throw new DriverError('unavailable', 'the reply was lost')
}
const down = async (): Promise<never> => {
  throw new DriverError('unavailable', 'down', { done: 'no' })
}

/** Calls, lets the time limit of calls pass, and answers how the call ended. */
async function outcome<T>(call: Promise<T>): Promise<Watched<T>> {
  const watched = new Watched(call)
  await clock.advance(timeoutMs)
  expect(watched.state).not.toBe('open')
  return watched
}

function lostEvents(board: Jobboard): string[] {
  const lost: string[] = []
  board.on('claimLost', ({ error }) => lost.push(error.message))
  return lost
}

describe('an ending whose outcome is unknown', () => {
  it('is not taken back by the end of the block that it was asked for in', async () => {
    const [board, other] = [await connect(), await connect()]
    const claim = await claimed(board)
    const sent: string[] = []
    let reached = false
    tampering.settle = (proceed, _session, endings) => {
      sent.push(...endings.map(({ how }) => how))
      return reached ? proceed() : new Promise(() => {})
    }
    // Nobody awaits it; then the block ends.
    const consumed = new Watched(claim.consume())
    const left = new Watched(claim[Symbol.asyncDispose]())
    await clock.advance(timeoutMs)
    expect(consumed.error).toMatchObject({ code: 'JOBBOARD_OUTCOME_UNKNOWN' })
    reached = true
    await clock.advance(ttlMs)
    expect(left.state).toBe('done')
    expect(new Set(sent)).toEqual(new Set(['consume']))
    expect(claim.state).toBe('settled')
    expect(await other.find(claim.job)).toBeUndefined()
  })

  it('is answered when it is asked for again by job, after a renewal has learned it', async () => {
    const board = await connect()
    const { job } = await claimed(board)
    tampering.settle = lostReply
    expect((await outcome(board.consume(job))).error).toMatchObject({ code: 'JOBBOARD_OUTCOME_UNKNOWN' })
    delete tampering.settle
    await clock.advance(ttlMs / 2)
    await expect(board.consume(job)).resolves.toBeUndefined()
  })

  it('ends its session when renewals go through and it never does', async () => {
    const [board, other] = [await connect(), await connect()]
    const claim = await claimed(board)
    tampering.settle = () => new Promise(() => {})
    await outcome(claim.consume())
    await clock.advance(2 * ttlMs)
    expect(claim.state).toBe('lost')
    expect((await other.find(claim.job))?.state).toBe('UNCLAIMED')
  })

  it('is sent again with each renewal until it is answered', async () => {
    const board = await connect()
    const lost = lostEvents(board)
    const claim = await claimed(board)
    tampering.settle = lostReply
    const consumed = await outcome(claim.consume())
    expect(consumed.error).toMatchObject({ code: 'JOBBOARD_OUTCOME_UNKNOWN', jobId: claim.job.id })
    expect(claim.state).toBe('held')
    await clock.advance(ttlMs)
    expect(claim.state).toBe('held')
    delete tampering.settle
    await clock.advance(ttlMs / 3)
    expect(claim.state).toBe('settled')
    expect(claim.signal.aborted).toBe(false)
    expect(lost).toEqual([])
    await expect(claim.consume()).resolves.toBeUndefined()
    await expect(claim.abandon()).rejects.toMatchObject({ code: 'JOBBOARD_CLAIM_SETTLED', ending: 'consume' })
  })

  it('stays unknown when the next call finds the backend down, and is no loss when that is over', async () => {
    const board = await connect()
    const lost = lostEvents(board)
    const claim = await claimed(board)
    tampering.settle = lostReply
    await outcome(claim.consume())
    tampering.settle = down
    const again = await outcome(claim.consume())
    expect(again.error).toMatchObject({ code: 'JOBBOARD_OUTCOME_UNKNOWN' })
    delete tampering.settle
    await clock.advance(ttlMs / 3)
    expect([claim.state, lost]).toEqual(['settled', []])
  })

  it('is learned by calling again although the session is over by then', async () => {
    const board = await connect()
    const claim = await claimed(board)
    tampering.settle = lostReply
    tampering.renew = down
    await outcome(claim.consume())
    await clock.advance(ttlMs)
    expect(claim.state).toBe('lost')
    delete tampering.settle
    await expect(claim.consume()).resolves.toBeUndefined()
    await expect(claim.abandon()).rejects.toMatchObject({ code: 'JOBBOARD_CLAIM_SETTLED', ending: 'consume' })
  })

  it('is a loss when calling again finds that it never happened', async () => {
    const board = await connect()
    const lost = lostEvents(board)
    const claim = await claimed(board)
    tampering.settle = () => Promise.reject(new DriverError('unavailable', 'the request was lost'))
    tampering.renew = down
    await outcome(claim.consume())
    await clock.advance(ttlMs)
    delete tampering.settle
    await expect(claim.consume()).rejects.toMatchObject({ code: 'JOBBOARD_CLAIM_LOST', reason: 'expired' })
    expect(lost).toHaveLength(1)
  })

  it('stays unknown on a board that was closed', async () => {
    const board = await connect()
    const claim = await claimed(board)
    tampering.settle = lostReply
    await outcome(claim.consume())
    await board.close()
    await expect(claim.consume()).rejects.toMatchObject({ code: 'JOBBOARD_OUTCOME_UNKNOWN' })
    expect(calls.at(-1)).toBe('close')
  })

  it('cannot be learned any more once the receipt is forgotten; then the claim counts as lost', async () => {
    const board = await connect({ rememberMs: 0 })
    const claim = await claimed(board)
    const { signal } = claim
    let sends = 0
    tampering.settle = proceed => (++sends === 1 ? lostReply(proceed) : proceed())
    const consumed = await outcome(claim.consume())
    expect(consumed.error).toMatchObject({ code: 'JOBBOARD_OUTCOME_UNKNOWN' })
    expect(signal.reason).toMatchObject({ code: 'JOBBOARD_CLAIM_LOST', reason: 'unknown' })
    await expect(claim.consume()).rejects.toMatchObject({ code: 'JOBBOARD_OUTCOME_UNKNOWN' })
    const before = calls.filter(call => call === 'settle').length
    await clock.advance(ttlMs)
    expect(calls.filter(call => call === 'settle')).toHaveLength(before)
  })

  it('is not sent a second time while it is on its way', async () => {
    let doubt = (): void => {}
    tampering.open = (proceed, sink) => {
      doubt = () => sink.doubt()
      return proceed()
    }
    const board = await connect()
    const claim = await claimed(board)
    tampering.settle = lostReply
    await outcome(claim.consume())
    let [sends, renewals] = [0, 0]
    tampering.renew = proceed => {
      renewals += 1
      return proceed()
    }
    tampering.settle = async proceed => {
      sends += 1
      await new Promise<void>(resolve => clock.setTimeout(resolve, 300))
      return proceed()
    }
    for (let i = 0; i < 3; i++) {
      doubt()
      await clock.advance(50)
    }
    expect([sends, renewals]).toEqual([1, 3])
    await clock.advance(300)
    expect(claim.state).toBe('settled')
  })

  it('is not taken back by the end of an `await using` block', async () => {
    const board = await connect()
    const job = await board.post('job')
    tampering.settle = () => Promise.reject(new DriverError('unavailable', 'the request was lost'))
    const worked = (async () => {
      await using claim = await board.claim(job)
      await claim.consume()
    })()
    expect((await outcome(worked)).error).toMatchObject({ code: 'JOBBOARD_OUTCOME_UNKNOWN' })
    delete tampering.settle
    await clock.advance(ttlMs / 3)
    // The work was done: it is the consume that is sent again, and nobody does the work a second time.
    expect(backend.jobs.size).toBe(0)
  })
})

describe('an ending that is refused or never sent', () => {
  it('leaves the claim as it was', async () => {
    const board = await connect()
    const claim = await claimed(board)
    tampering.settle = down
    expect((await outcome(claim.consume())).error).toMatchObject({ code: 'JOBBOARD_UNAVAILABLE' })
    tampering.settle = () => Promise.reject(new DriverError('forbidden', 'no right'))
    expect((await outcome(claim.consume())).error).toMatchObject({ code: 'JOBBOARD_PERMISSION_DENIED' })
    delete tampering.settle
    await clock.advance(ttlMs * 2)
    expect(claim.state).toBe('held')
    await claim.consume()
    expect(claim.state).toBe('settled')
  })

  it('is done later when it was the end of an `await using` block: nobody else could do it', async () => {
    const board = await connect()
    const job = await board.post('job')
    tampering.settle = down
    const worked = (async () => {
      await using claim = await board.claim(job)
      return claim.id
    })()
    expect((await outcome(worked)).error).toMatchObject({ code: 'JOBBOARD_UNAVAILABLE' })
    delete tampering.settle
    await clock.advance(ttlMs / 3)
    const found = await board.find(job)
    expect([found?.state, found?.takeover]).toEqual(['UNCLAIMED', false])
  })

  it('stays what it is although the wish beside it fails', async () => {
    const board = await connect({ requestTimeoutMs: 60_000 })
    const lost = lostEvents(board)
    const claim = await claimed(board)
    // A driver that cannot join the two answers the endings alone; then core asks for the wishes.
    tampering.settle = async proceed => {
      const answer = (await proceed()) as { endings: unknown }
      return { endings: answer.endings }
    }
    tampering.claimNext = () => Promise.reject(new DriverError('limit', 'too many claims'))
    const [consumed, next] = [new Watched(claim.consume()), new Watched(board.claimNext())]
    await clock.advance(0)
    expect(next.error).toMatchObject({ code: 'JOBBOARD_LIMIT_EXCEEDED' })
    expect([consumed.state, claim.state]).toEqual(['done', 'settled'])
    await clock.advance(ttlMs)
    expect(lost).toEqual([])
  })
})

describe('endings at the same time', () => {
  it.each([60_000, 0])('are one ending, and the others are told so (rememberMs %i)', async rememberMs => {
    const board = await connect({ rememberMs })
    const lost = lostEvents(board)
    const claim = await claimed(board)
    const { signal } = claim
    const endings = [claim.consume(), claim.consume(), claim.abandon(), claim.trash({ reason: 'no use' })]
    const [first, ...others] = await Promise.allSettled(endings)
    expect(first).toMatchObject({ status: 'fulfilled' })
    for (const other of others) {
      expect(other).toMatchObject({ reason: { code: 'JOBBOARD_CLAIM_SETTLED', ending: 'consume' } })
    }
    await clock.advance(ttlMs)
    expect([claim.state, signal.aborted, lost]).toEqual(['settled', false, []])
  })

  it('take their turn: the next one is tried when the first fails', async () => {
    const board = await connect()
    const claim = await claimed(board)
    tampering.settle = proceed => {
      delete tampering.settle
      return Promise.reject(new DriverError('limit', 'too long')) ?? proceed()
    }
    const [trashed, abandoned] = await Promise.allSettled([
      claim.trash({ reason: 'no use' }),
      claim.abandon(),
    ])
    expect(trashed).toMatchObject({ reason: { code: 'JOBBOARD_LIMIT_EXCEEDED' } })
    expect(abandoned).toMatchObject({ status: 'fulfilled' })
    expect(claim.state).toBe('settled')
  })
})

describe('an ending while its session ends', () => {
  it('is what the backend says; the loss is told once', async () => {
    const board = await connect({ requestTimeoutMs: 60_000 })
    const lost = lostEvents(board)
    const [done, missed] = [await claimed(board), await claimed(board)]
    const answer = new Deferred<void>()
    let sends = 0
    // The first arrives in time and its reply does not; the second arrives when the session is over.
    tampering.settle = async proceed => {
      if (++sends > 1) return proceed()
      const answered = await proceed()
      await answer.promise
      return answered
    }
    tampering.renew = down
    const consumed = new Watched(done.consume())
    await clock.advance(0)
    await clock.advance(ttlMs)
    expect(done.state).toBe('lost')
    answer.resolve()
    await clock.advance(0)
    expect(consumed.state).toBe('done')
    await expect(missed.consume()).rejects.toMatchObject({ code: 'JOBBOARD_CLAIM_LOST' })
    expect(lost).toHaveLength(2)
  })

  it('is a loss when it came too late, told once', async () => {
    const board = await connect({ requestTimeoutMs: 60_000 })
    const lost = lostEvents(board)
    const claim = await claimed(board)
    const arrived = new Deferred<void>()
    tampering.settle = async proceed => {
      await arrived.promise
      return proceed()
    }
    const consumed = new Watched(claim.consume())
    tampering.renew = down
    await clock.advance(ttlMs)
    arrived.resolve()
    await clock.advance(0)
    expect(consumed.error).toMatchObject({ code: 'JOBBOARD_CLAIM_LOST', reason: 'expired' })
    expect(lost).toHaveLength(1)
  })
})
