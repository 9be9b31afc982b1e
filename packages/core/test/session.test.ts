import { type Claim, Jobboard, type JobboardOptions, silentLogger } from '@jobboard/core'
import { DriverError, type DriverSink, type RenewAnswer, type SessionGrant } from '@jobboard/core/driver'
import { FakeClock, MemoryBackend, memory } from '@jobboard/memory'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Deferred, SplitClock, type Tampering, tampered, Watched } from './support.js'

const ttlMs = 15_000
/** 1 % for drift, 10 % of margin. */
const validMs = ttlMs * 0.89

let time: FakeClock
let clock: SplitClock
let backend: MemoryBackend
let tampering: Tampering
let calls: string[]
let sink: DriverSink
let start: number
/** When renewals were sent, counted from the start. */
let renewals: number[]
const boards: Jobboard[] = []

beforeEach(() => {
  time = new FakeClock()
  clock = new SplitClock(time)
  backend = new MemoryBackend(time)
  start = time.now()
  renewals = []
  tampering = {
    open: (proceed, its) => {
      sink = its
      return proceed()
    },
    renew: proceed => {
      renewals.push(time.now() - start)
      return proceed()
    },
  }
  calls = []
})

afterEach(async () => {
  for (const key of Object.keys(tampering)) delete tampering[key as keyof Tampering]
  const closing = Promise.all(boards.splice(0).map(board => board.close()))
  await time.advance(60_000)
  await closing
})

async function connect(options: JobboardOptions = {}): Promise<Jobboard> {
  const board = new Jobboard(tampered(memory({ backend }), tampering, calls), { clock, ...options })
  boards.push(board)
  return board.connect()
}

/** A board of somebody else, whose clock is right and whose driver is whole. */
async function neighbour(): Promise<Jobboard> {
  const board = new Jobboard(memory({ backend }), { clock: time })
  boards.push(board)
  return board.connect()
}

async function claimed(board: Jobboard, name = 'job'): Promise<Claim> {
  return board.claim(await board.post(name))
}

const down = (): Promise<never> => Promise.reject(new DriverError('unavailable', 'down', { done: 'no' }))
const hang = (): Promise<never> => new Promise(() => {})
const deadline = (claim: Claim): number => claim.deadline.getTime() - start
const count = (member: string): number => calls.filter(call => call === member).length

describe('the deadline of a claim', () => {
  it.each([
    // The time to live, less 1 % for drift, less 10 % but at least 500 ms.
    [60_000, 60_000 - 600 - 6_000],
    [15_000, 15_000 - 150 - 1_500],
    [5_000, 5_000 - 50 - 500],
    [2_000, 2_000 - 20 - 500],
    [1_000, 1_000 - 10 - 500],
  ])('with a time to live of %i ms is %i ms away', async (sessionTtlMs, valid) => {
    const board = await connect({ sessionTtlMs })
    expect(deadline(await claimed(board))).toBe(valid)
  })

  it('goes by the time to live that the backend granted', async () => {
    tampering.startSession = async proceed => {
      const grant = (await proceed()) as SessionGrant
      return { ...grant, ttlMs: 40_000 }
    }
    const board = await connect()
    expect(deadline(await claimed(board))).toBe(40_000 * 0.89)
  })

  it('counts from when the session was asked for, not from the answer; the first renewal too', async () => {
    tampering.startSession = async proceed => {
      await new Promise<void>(resolve => clock.setTimeout(resolve, 1_500))
      return proceed()
    }
    const board = await connect()
    const claim = new Watched(claimed(board))
    await clock.advance(1_500)
    expect(claim.value && deadline(claim.value)).toBe(validMs)
    await clock.advance(3_500)
    expect(renewals).toEqual([5_000])
  })

  it('counts from the first send, when the answer to that one was lost', async () => {
    let sends = 0
    tampering.startSession = async proceed => {
      await proceed()
      if (++sends === 1) throw new DriverError('unavailable', 'the reply was lost')
      return proceed()
    }
    const board = await connect()
    const claim = new Watched(claimed(board))
    await clock.advance(100)
    expect(claim.value && deadline(claim.value)).toBe(validMs)
  })

  it('moves with each acknowledged renewal, to so long after that one was sent', async () => {
    const board = await connect()
    const claim = await claimed(board)
    tampering.renew = async proceed => {
      const answer = await proceed()
      await new Promise<void>(resolve => clock.setTimeout(resolve, 700))
      return answer
    }
    await clock.advance(5_000)
    expect(deadline(claim)).toBe(validMs)
    await clock.advance(700)
    expect(deadline(claim)).toBe(5_000 + validMs)
  })

  it('is the same for all claims of a board', async () => {
    const board = await connect()
    const first = await claimed(board)
    await clock.advance(7_000)
    const second = await claimed(board)
    expect(deadline(second)).toBe(deadline(first))
    expect(deadline(second)).toBe(5_000 + validMs)
  })
})

describe('renewals', () => {
  it('leave every third of the time to live, one for all claims', async () => {
    const board = await connect()
    for (let i = 0; i < 3; i++) await claimed(board)
    await clock.advance(60_000)
    expect(renewals).toEqual(Array.from({ length: 12 }, (_, i) => (i + 1) * 5_000))
  })

  it('keep that pace however long each takes', async () => {
    const board = await connect()
    await claimed(board)
    tampering.renew = async proceed => {
      renewals.push(time.now() - start)
      await new Promise<void>(resolve => clock.setTimeout(resolve, 3_000))
      return proceed()
    }
    await clock.advance(20_000)
    expect(renewals).toEqual([5_000, 10_000, 15_000, 20_000])
  })

  it('that fail are tried again soon and told of, and a success is back at the old pace', async () => {
    const board = await connect()
    const claim = await claimed(board)
    const told: string[] = []
    board.on('error', ({ during }) => told.push(during))
    tampering.renew = proceed => {
      renewals.push(time.now() - start)
      return renewals.length <= 3 ? down() : proceed()
    }
    await clock.advance(20_000)
    expect(renewals).toEqual([5_000, 6_250, 7_500, 8_750, 13_750, 18_750])
    expect(told).toEqual(Array(3).fill('renewing the session'))
    expect(claim.state).toBe('held')
  })

  it('that hang are given up after a third of the time to live', async () => {
    const board = await connect()
    const claim = await claimed(board)
    tampering.renew = proceed => {
      renewals.push(time.now() - start)
      return renewals.length === 1 ? hang() : proceed()
    }
    await clock.advance(12_000)
    expect(renewals).toEqual([5_000, 10_000])
    expect(claim.state).toBe('held')
  })

  it('come at once when the backend is doubted, also when one is on its way', async () => {
    const board = await connect()
    await claimed(board)
    await clock.advance(1_000)
    sink.doubt()
    await clock.advance(0)
    expect(renewals).toEqual([1_000])
    // This one left before the doubt came up, so it may have missed what the doubt is about.
    tampering.renew = async proceed => {
      renewals.push(time.now() - start)
      const answer = await proceed()
      await new Promise<void>(resolve => clock.setTimeout(resolve, 200))
      return answer
    }
    await clock.advance(5_000)
    sink.doubt()
    await clock.advance(200)
    expect(renewals).toEqual([1_000, 6_000, 6_200])
  })

  it('keep their pace although a driver doubts with every failure', async () => {
    const board = await connect()
    await board.claim(await board.post('job'))
    let tried = 0
    tampering.renew = async () => {
      tried += 1
      sink.doubt()
      throw new DriverError('unavailable', 'down')
    }
    await clock.advance(ttlMs)
    expect(tried).toBeLessThan(13)
  })

  it('stop when the board is closed', async () => {
    const board = await connect()
    await claimed(board)
    await board.close()
    await clock.advance(60_000)
    expect(renewals).toEqual([])
  })

  it('go on although the logger throws', async () => {
    const logger = {
      ...silentLogger,
      warn: () => {
        throw new Error('the disk is full')
      },
    }
    const board = await connect({ logger })
    const claim = await claimed(board)
    tampering.renew = proceed => {
      renewals.push(time.now() - start)
      return renewals.length === 1 ? down() : proceed()
    }
    await clock.advance(12_000)
    expect([renewals.length, claim.state]).toEqual([3, 'held'])
  })
})

describe('a loss by time', () => {
  it('is told before anybody else can have the job', async () => {
    const [board, other] = [await connect(), await neighbour()]
    const claim = await claimed(board)
    const { signal } = claim
    tampering.renew = hang
    await clock.advance(validMs - 1)
    expect(signal.aborted).toBe(false)
    await clock.advance(1)
    expect(signal.reason).toMatchObject({ code: 'JOBBOARD_CLAIM_LOST', reason: 'expired' })
    expect(() => claim.assertHeld()).toThrow(signal.reason)
    // The session was ended at the backend too, so that the job is free before the time to live is over.
    expect((await other.claim(claim.job.id)).previous).toMatchObject({ cause: 'expired' })
  })

  it('is told by events, once', async () => {
    const board = await connect()
    const told: unknown[] = []
    board.on('claimLost', event => told.push(event))
    board.on('sessionLost', event => told.push(event))
    const claim = await claimed(board)
    tampering.renew = hang
    await clock.advance(ttlMs)
    expect(told).toEqual([
      { jobId: claim.job.id, owner: claim.owner, error: expect.objectContaining({ reason: 'expired' }) },
      { sessionId: expect.any(String), at: new Date(start + validMs) },
    ])
  })

  it.each(['wallAhead', 'monotonicAhead'] as const)(
    'is seen when one clock alone says so (%s)',
    async ahead => {
      const board = await connect()
      const claim = await claimed(board)
      clock[ahead] = validMs - 1
      claim.assertHeld()
      clock[ahead] = validMs
      expect(() => claim.assertHeld()).toThrow(expect.objectContaining({ reason: 'expired' }))
      expect(claim.signal.aborted).toBe(true)
    },
  )

  it('is seen by any call on the board, and the call goes on under a new session', async () => {
    const board = await connect()
    const claim = await claimed(board)
    const { signal } = claim
    clock.wallAhead = 600_000
    await board.count()
    expect(signal.aborted).toBe(true)
    expect((await claimed(board, 'next')).state).toBe('held')
    expect(count('startSession')).toBe(2)
  })

  it('is not put off by a wall clock that is set back', async () => {
    const board = await connect()
    const claim = await claimed(board)
    const { signal } = claim
    clock.wallAhead = -3_600_000
    tampering.renew = hang
    await clock.advance(validMs - 1)
    expect(signal.aborted).toBe(false)
    await clock.advance(1)
    expect(signal.aborted).toBe(true)
  })

  it('does not come of a wall clock that is set back while renewals succeed', async () => {
    const board = await connect()
    const claim = await claimed(board)
    clock.wallAhead = -3_600_000
    await clock.advance(60_000)
    expect(claim.state).toBe('held')
    expect(claim.deadline.getTime() - clock.now()).toBeCloseTo(validMs - 0, -3)
  })

  it('is final: the session is never renewed again, and a late answer does not revive it', async () => {
    const board = await connect()
    const claim = await claimed(board)
    const late = new Deferred<RenewAnswer>()
    tampering.renew = () => {
      renewals.push(time.now() - start)
      return late.promise
    }
    await clock.advance(validMs)
    expect(claim.state).toBe('lost')
    const sent = renewals.length
    late.resolve({ kind: 'alive', lost: [], unnamed: [] })
    sink.doubt()
    await clock.advance(60_000)
    expect([claim.state, renewals.length]).toEqual(['lost', sent])
  })

  it('makes the board end the session at the backend, as soon as that can be reached', async () => {
    const board = await connect()
    const claim = await claimed(board)
    tampering.renew = hang
    const ends: unknown[] = []
    tampering.endSession = (_, session, cause) => {
      ends.push([session.id, cause])
      return down()
    }
    await clock.advance(60_000)
    expect(claim.state).toBe('lost')
    const tries = ends.length
    expect(tries).toBeGreaterThan(3)
    tampering.endSession = (proceed, session, cause) => {
      ends.push([session.id, cause])
      return proceed()
    }
    await clock.advance(60_000)
    expect(ends).toHaveLength(tries + 1)
    expect(new Set(ends.map(end => JSON.stringify(end))).size).toBe(1)
    expect(ends[0]).toEqual([expect.any(String), 'lost'])
  })
})

describe('a process that stood still', () => {
  it('learns of its loss from its timers, in whatever order they fire, and renews nothing', async () => {
    const frozen = time.client()
    const board = new Jobboard(tampered(memory({ backend }), tampering), { clock: frozen })
    boards.push(board)
    await board.connect()
    const { signal } = await claimed(board)
    frozen.freeze()
    await time.advance(validMs + 1)
    expect(signal.aborted).toBe(false)
    frozen.thaw()
    await time.advance(0)
    expect([signal.aborted, renewals]).toEqual([true, []])
  })

  it('goes on holding its claims when it stood still for a short while', async () => {
    const frozen = time.client()
    const board = new Jobboard(tampered(memory({ backend }), tampering), { clock: frozen })
    boards.push(board)
    await board.connect()
    const claim = await claimed(board)
    frozen.freeze()
    await time.advance(validMs - 1)
    frozen.thaw()
    await time.advance(60_000)
    expect([claim.state, renewals[0]]).toEqual(['held', validMs - 1])
  })

  it('gets no claim by a grant that came before it stood still', async () => {
    const [board, other] = [await connect(), await neighbour()]
    const job = await board.post('job')
    tampering.claim = async proceed => {
      const answer = await proceed()
      clock.wallAhead = 600_000
      return answer
    }
    await expect(board.claim(job)).rejects.toMatchObject({ code: 'JOBBOARD_CLAIM_LOST', reason: 'expired' })
    await clock.advance(0)
    await expect(other.claim(job)).resolves.toMatchObject({ attempt: 2 })
  })
})

describe('what a renewal answers', () => {
  it('`over`: all claims are lost, and the next claim opens a session', async () => {
    const board = await connect()
    const claims = [await claimed(board), await claimed(board)]
    tampering.renew = async () => ({ kind: 'over' })
    await clock.advance(5_000)
    expect(claims.map(claim => claim.state)).toEqual(['lost', 'lost'])
    expect((await claimed(board)).state).toBe('held')
    // The backend said it itself: there is nothing to end there.
    expect(count('endSession')).toBe(0)
  })

  it('a claim that is lost: that one is, with the reason, and the others are held', async () => {
    const [board, operator] = [await connect(), await neighbour()]
    const [kept, forced] = [await claimed(board), await claimed(board)]
    await operator.forceRelease(forced.job.id, { token: forced.fencingToken, reason: 'stuck' })
    await clock.advance(5_000)
    expect([kept.state, forced.state]).toEqual(['held', 'lost'])
    expect(forced.signal.reason).toMatchObject({ reason: 'forced' })
  })

  it('a claim that nobody knows: it is ended', async () => {
    const [board, other] = [await connect({ requestTimeoutMs: 1_000 }), await neighbour()]
    const kept = await claimed(board)
    const job = await board.post('ghost')
    tampering.claim = async proceed => {
      await proceed()
      return hang()
    }
    const claim = new Watched(board.claim(job))
    await clock.advance(1_000)
    expect(claim.error).toMatchObject({ code: 'JOBBOARD_OUTCOME_UNKNOWN' })
    await clock.advance(0)
    await expect(other.claim(job)).resolves.toMatchObject({ attempt: 2, previous: undefined })
    expect(kept.state).toBe('held')
  })

  it('a claim that nobody knows, which arrived after all: it is ended with the next one', async () => {
    const [board, other] = [await connect({ requestTimeoutMs: 1_000 }), await neighbour()]
    await claimed(board)
    const job = await board.post('ghost')
    const arrivals: (() => unknown)[] = []
    tampering.claim = proceed => {
      arrivals.push(proceed)
      return hang()
    }
    const claim = new Watched(board.claim(job))
    await clock.advance(2_000)
    expect(claim.state).toBe('failed')
    for (const arrive of arrivals) void arrive()
    await clock.advance(0)
    await expect(other.claim(job)).rejects.toMatchObject({ code: 'JOBBOARD_ALREADY_CLAIMED' })
    await clock.advance(ttlMs / 3)
    await expect(other.claim(job)).resolves.toMatchObject({ attempt: 2 })
  })

  it('a claim that is just being made: it is left alone', async () => {
    const board = await connect({ requestTimeoutMs: 60_000 })
    await claimed(board)
    const answer = new Deferred<void>()
    tampering.claim = async proceed => {
      const granted = await proceed()
      await answer.promise
      return granted
    }
    const claim = new Watched(claimed(board))
    await clock.advance(5_000)
    expect(renewals).toEqual([5_000])
    answer.resolve()
    await clock.advance(10_000)
    expect(claim.value?.state).toBe('held')
    await claim.value?.consume()
  })

  it('a claim whose grant and ending both came while the renewal was on its way: nothing happens', async () => {
    const board = await connect()
    await claimed(board)
    const job = await board.post('quick')
    const answer = new Deferred<void>()
    tampering.renew = async proceed => {
      await answer.promise
      return proceed()
    }
    await clock.advance(5_000)
    const claim = await board.claim(job)
    const ending = new Deferred<void>()
    tampering.settle = async proceed => {
      await ending.promise
      return proceed()
    }
    const consumed = claim.consume()
    await clock.advance(0)
    // The renewal meets a claim that it does not name; it is being ended.
    answer.resolve()
    await clock.advance(0)
    ending.resolve()
    await consumed
    expect(count('settle')).toBe(1)
    expect(claim.state).toBe('settled')
  })

  it('that a claim is lost which was ended meanwhile: its own answer counts', async () => {
    const board = await connect()
    const claim = await claimed(board)
    const answer = new Deferred<void>()
    tampering.renew = async proceed => {
      await answer.promise
      return proceed()
    }
    await clock.advance(5_000)
    await claim.consume()
    answer.resolve()
    await clock.advance(0)
    expect([claim.state, claim.signal.aborted]).toEqual(['settled', false])
  })
})
