import { type Claim, type ClaimsOptions, Jobboard, type JobboardOptions } from '@jobboard/core'
import { DriverError } from '@jobboard/core/driver'
import { FakeClock, MemoryBackend, memory } from '@jobboard/memory'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Deferred, type Tampering, tampered } from './support.js'

/** The loop of a worker: `board.claims()`. */

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
  const board = new Jobboard(tampered(memory({ backend }), tampering, calls), { clock, ...options })
  boards.push(board)
  return board.connect()
}

/** Runs a loop that only collects what it is given. */
class Worker {
  readonly claims: Claim[] = []
  state: 'running' | 'ended' | 'failed' = 'running'
  error: unknown

  constructor(board: Jobboard, options: ClaimsOptions = {}) {
    void this.#run(board, options)
  }

  get names(): readonly string[] {
    return this.claims.map(claim => claim.job.name)
  }

  async #run(board: Jobboard, options: ClaimsOptions): Promise<void> {
    try {
      for await (const claim of board.claims(options)) this.claims.push(claim)
      this.state = 'ended'
    } catch (error) {
      this.state = 'failed'
      this.error = error
    }
  }
}

const count = (member: string): number => calls.filter(call => call === member).length
const down = (): Promise<never> => Promise.reject(new DriverError('unavailable', 'down', { done: 'no' }))

describe('a worker', () => {
  it('gets jobs as they come, in the order of the board, and asks for none while there are none', async () => {
    const board = await connect({ refreshMs: 3_600_000 })
    for (const name of ['one', 'two']) await board.post(name)
    const worker = new Worker(board, { concurrency: 10 })
    await clock.advance(0)
    expect(worker.names).toEqual(['one', 'two'])
    const asked = count('claimNext')
    await clock.advance(5_000)
    await board.post('three')
    await clock.advance(0)
    expect(worker.names).toEqual(['one', 'two', 'three'])
    expect(count('claimNext') - asked).toBe(2)
  })

  it.each([1, 2, 3])('holds at most %i claims at a time, and gets more as they end', async concurrency => {
    const board = await connect()
    for (let i = 0; i < 6; i++) await board.post(`job ${i}`)
    const worker = new Worker(board, { concurrency })
    await clock.advance(0)
    expect(worker.claims).toHaveLength(concurrency)
    await worker.claims[0]?.consume()
    await clock.advance(0)
    expect(worker.claims).toHaveLength(concurrency + 1)
    await worker.claims[1]?.abandon({ delayMs: 1_000 })
    await clock.advance(0)
    expect(worker.claims).toHaveLength(Math.min(6, concurrency + 2))
  })

  it('gets another claim when one was lost', async () => {
    const board = await connect()
    const [job, operator] = [await board.post('job'), await connect()]
    const worker = new Worker(board)
    await clock.advance(0)
    await operator.forceRelease(job, { token: 'any', reason: 'stuck' })
    await clock.advance(5_000)
    expect(worker.claims.map(({ state, attempt }) => [state, attempt])).toEqual([
      ['lost', 1],
      ['held', 2],
    ])
  })

  it('takes the names that it asked for, under the owner that it named', async () => {
    const board = await connect()
    for (const name of ['a', 'b', 'c']) await board.post(name)
    const worker = new Worker(board, { names: ['b', 'c'], owner: 'me', concurrency: 5 })
    await clock.advance(0)
    expect(worker.names).toEqual(['b', 'c'])
    expect(worker.claims.map(({ owner }) => owner)).toEqual(['me', 'me'])
    const asked = count('claimNext')
    await board.post('a')
    await clock.advance(0)
    // Its sleep is not for jobs that are none of its business.
    expect(count('claimNext')).toBe(asked)
  })

  it('does not miss a job that comes between its look and its sleep', async () => {
    const board = await connect({ refreshMs: 3_600_000 })
    const answer = new Deferred<void>()
    tampering.claimNext = async proceed => {
      delete tampering.claimNext
      const none = await proceed()
      await answer.promise
      return none
    }
    const worker = new Worker(board)
    await clock.advance(0)
    await board.post('in between')
    answer.resolve()
    await clock.advance(0)
    expect(worker.names).toEqual(['in between'])
  })

  it('wakes up when the backend said that something changes by itself', async () => {
    const board = await connect({ refreshMs: 3_600_000 })
    await board.post('later', { delayMs: 7_000 })
    const worker = new Worker(board)
    await clock.advance(6_999)
    expect(worker.names).toEqual([])
    await clock.advance(1)
    expect(worker.names).toEqual(['later'])
  })

  it('looks every refreshMs although nothing is heard', async () => {
    tampering.open = (proceed, sink) => {
      Object.assign(sink, { changed: () => {} })
      return proceed()
    }
    const board = await connect({ refreshMs: 2_000 })
    const worker = new Worker(board)
    await clock.advance(100)
    await board.post('unheard of')
    await clock.advance(1_899)
    expect(worker.names).toEqual([])
    await clock.advance(1)
    expect(worker.names).toEqual(['unheard of'])
  })

  it('among many asks once for one new job', async () => {
    const board = await connect({ refreshMs: 3_600_000 })
    let wishes = 0
    tampering.claimNext = (proceed, _, asked) => {
      wishes += asked.length
      return proceed()
    }
    const workers = Array.from({ length: 50 }, () => new Worker(board))
    await clock.advance(0)
    wishes = 0
    await board.post('job')
    await clock.advance(0)
    expect(workers.flatMap(worker => worker.claims)).toHaveLength(1)
    expect(wishes).toBe(50)
  })

  it('looks once for a burst of changes', async () => {
    const board = await connect({ refreshMs: 3_600_000 })
    const worker = new Worker(board, { names: ['wanted'] })
    await clock.advance(0)
    const asked = count('claimNext')
    await Promise.all(Array.from({ length: 20 }, () => board.post('wanted')))
    await clock.advance(0)
    expect(worker.claims).toHaveLength(1)
    expect(count('claimNext') - asked).toBe(1)
  })
})

describe('a worker in trouble', () => {
  it('rides out an outage, tells of it, and rests between its tries', async () => {
    const board = await connect({ requestTimeoutMs: 1_000 })
    const told: string[] = []
    board.on('error', ({ during }) => told.push(during))
    await board.claimNext()
    tampering.claimNext = down
    const worker = new Worker(board)
    await board.post('job')
    await clock.advance(5_000)
    expect([worker.state, worker.names]).toEqual(['running', []])
    expect(told.filter(during => during === 'claiming the next job').length).toBeLessThanOrEqual(4)
    delete tampering.claimNext
    await clock.advance(1_500)
    expect(worker.names).toEqual(['job'])
  })

  it('rides out a full disk', async () => {
    const board = await connect()
    tampering.claimNext = () => Promise.reject(new DriverError('limit', 'the disk is full'))
    const worker = new Worker(board)
    await board.post('job')
    await clock.advance(1_000)
    expect(worker.state).toBe('running')
    delete tampering.claimNext
    await clock.advance(1_000)
    expect(worker.claims).toHaveLength(1)
  })

  it('ends with what cannot pass by itself', async () => {
    const board = await connect()
    tampering.startSession = () => Promise.reject(new DriverError('forbidden', 'no right to claim'))
    const worker = new Worker(board)
    await clock.advance(0)
    expect(worker.error).toMatchObject({ code: 'JOBBOARD_PERMISSION_DENIED' })
  })

  it('goes on when the process stood still while a claim was granted', async () => {
    const board = await connect({ requestTimeoutMs: 60_000 })
    await board.claimNext()
    tampering.claimNext = async proceed => {
      delete tampering.claimNext
      const answer = await proceed()
      // Renewals do not get through, and the answer comes when the session is over.
      tampering.renew = down
      await new Promise<void>(resolve => clock.setTimeout(resolve, 14_000))
      delete tampering.renew
      return answer
    }
    await board.post('job')
    const worker = new Worker(board)
    await clock.advance(20_000)
    expect(worker.state).toBe('running')
    expect(worker.claims.map(({ attempt }) => attempt)).toEqual([2])
  })
})

describe('the end of a worker', () => {
  it.each([
    ['while it sleeps', 0, 1],
    ['while it waits for its claim to end', 2, 1],
    ['while it holds claims and sleeps', 2, 5],
  ])('%s comes at once, and its claims stay as they are', async (_, jobs, concurrency) => {
    const board = await connect()
    for (let i = 0; i < jobs; i++) await board.post(`job ${i}`)
    const stop = new AbortController()
    const worker = new Worker(board, { signal: stop.signal, concurrency })
    await clock.advance(0)
    stop.abort()
    await clock.advance(0)
    expect(worker.state).toBe('ended')
    expect(worker.claims.map(({ state }) => state)).toEqual(Array(Math.min(jobs, concurrency)).fill('held'))
  })

  it('comes at once when the signal has aborted before', async () => {
    const board = await connect()
    await board.post('job')
    const worker = new Worker(board, { signal: AbortSignal.abort() })
    await clock.advance(0)
    expect([worker.state, worker.claims]).toEqual(['ended', []])
  })

  it('gives back a claim that comes too late', async () => {
    const board = await connect()
    const job = await board.post('job')
    const [stop, answer] = [new AbortController(), new Deferred<void>()]
    tampering.claimNext = async proceed => {
      const granted = await proceed()
      await answer.promise
      return granted
    }
    const worker = new Worker(board, { signal: stop.signal })
    await clock.advance(0)
    stop.abort()
    answer.resolve()
    await clock.advance(0)
    expect([worker.state, worker.claims]).toEqual(['ended', []])
    expect((await board.find(job))?.state).toBe('UNCLAIMED')
  })

  it('is no error though that claim cannot be given back; it is, with the next renewals', async () => {
    const board = await connect({ requestTimeoutMs: 1_000 })
    const told: string[] = []
    board.on('error', ({ during }) => told.push(during))
    const job = await board.post('job')
    const [stop, answer] = [new AbortController(), new Deferred<void>()]
    tampering.settle = down
    tampering.claimNext = async proceed => {
      const granted = await proceed()
      await answer.promise
      return granted
    }
    const worker = new Worker(board, { signal: stop.signal })
    await clock.advance(0)
    stop.abort()
    answer.resolve()
    await clock.advance(1_000)
    expect([worker.state, worker.claims]).toEqual(['ended', []])
    expect(told).toContain('giving back a claim that came too late')
    delete tampering.settle
    await clock.advance(5_000)
    expect((await board.find(job))?.state).toBe('UNCLAIMED')
  })

  it('comes when the board is closed before its wish was sent', async () => {
    const board = await connect({ requestTimeoutMs: 3_000 })
    tampering.startSession = () => new Promise(() => {})
    const worker = new Worker(board)
    await clock.advance(0)
    const closing = board.close()
    await clock.advance(3_000)
    await closing
    expect([worker.state, worker.error]).toEqual(['ended', undefined])
  })

  it('comes when the board is closed, whatever it does at that moment', async () => {
    const board = await connect({ requestTimeoutMs: 3_000 })
    await board.post('job')
    const [busy, idle] = [new Worker(board), new Worker(board, { names: ['none'] })]
    await clock.advance(0)
    tampering.claimNext = () => new Promise(() => {})
    const asking = new Worker(board)
    await clock.advance(0)
    const closing = board.close()
    await clock.advance(3_000)
    await closing
    expect([busy.state, idle.state, asking.state]).toEqual(['ended', 'ended', 'ended'])
    expect(busy.claims.map(claim => claim.signal.reason)).toMatchObject([{ reason: 'closed' }])
  })
})

describe('what a worker may ask for', () => {
  it.each<[string, ClaimsOptions]>([
    ['concurrency', { concurrency: 0 }],
    ['concurrency', { concurrency: 1.5 }],
    ['names', { names: [] }],
    ['owner', { owner: '' }],
    ['owner', { owner: 'x'.repeat(256) }],
  ])('is checked: %s', async (what, options) => {
    const worker = new Worker(await connect(), options)
    await clock.advance(0)
    expect(worker.error).toMatchObject({ code: 'JOBBOARD_INVALID_ARGUMENT' })
    expect((worker.error as Error).message).toContain(what)
  })
})
