import { Jobboard, type JobboardOptions } from '@jobboard/core'
import { DriverError, type JobboardDriver } from '@jobboard/core/driver'
import { FakeClock, MemoryBackend, memory } from '@jobboard/memory'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SplitClock, type Tampering, tampered, Watched } from './support.js'

/** Posts and orders whose reply was lost, and how many entries a driver is given at a time. */

let clock: SplitClock
let backend: MemoryBackend
let tampering: Tampering
let calls: string[]
const boards: Jobboard[] = []

beforeEach(() => {
  const time = new FakeClock()
  clock = new SplitClock(time)
  backend = new MemoryBackend(time)
  tampering = {}
  calls = []
})

afterEach(async () => {
  for (const key of Object.keys(tampering)) delete tampering[key as keyof Tampering]
  const closing = Promise.all(boards.splice(0).map(board => board.close()))
  await clock.advance(60_000)
  await closing
})

async function connect(
  options: JobboardOptions = {},
  driver: JobboardDriver = memory({ backend }),
): Promise<Jobboard> {
  const board = new Jobboard(tampered(driver, tampering, calls), { clock, ...options })
  boards.push(board)
  return board.connect()
}

const count = (member: string): number => calls.filter(call => call === member).length
const lostOnce = (): ((proceed: () => unknown) => Promise<unknown>) => {
  let lost = false
  return async proceed => {
    const answer = await proceed()
    if (lost) return answer
    lost = true
    throw new DriverError('unavailable', 'the reply was lost')
  }
}

describe('a post whose reply was lost', () => {
  it('is not sent again when the receipt may be over before the second send is done', async () => {
    const [board, worker] = [
      await connect({ rememberMs: 3_000 }),
      await connect({ rememberMs: 3_000 }, memory({ backend })),
    ]
    let sends = 0
    tampering.post = async proceed => {
      sends += 1
      if (sends > 1) await new Promise<void>(resolve => clock.setTimeout(resolve, 1_900))
      await proceed()
      return new Promise(() => {})
    }
    const posted = new Watched(board.post('job', { id: 'once' }))
    await clock.advance(10)
    await (await worker.claim('once')).consume()
    await clock.advance(60_000)
    expect(posted.error).toMatchObject({ code: 'JOBBOARD_OUTCOME_UNKNOWN', jobId: 'once' })
    expect(await worker.count()).toMatchObject({ unclaimed: 0 })
  })

  it('is sent again, and leaves one job', async () => {
    const board = await connect()
    tampering.post = lostOnce()
    const job = new Watched(board.post('job'))
    await clock.advance(100)
    expect(job.value?.state).toBe('UNCLAIMED')
    expect([count('post'), (await board.count()).unclaimed]).toEqual([2, 1])
  })

  it('answers that the job is done with, when somebody was quick', async () => {
    const board = await connect()
    const worker = await new Jobboard(memory({ backend }), { clock }).connect()
    boards.push(worker)
    tampering.post = async proceed => {
      delete tampering.post
      await proceed()
      await (await worker.claimNext())?.consume()
      throw new DriverError('unavailable', 'the reply was lost')
    }
    const job = new Watched(board.post('job', { details: { a: 1 } }))
    await clock.advance(100)
    expect(job.value?.state).toBe('COMPLETE')
    expect(job.value?.details).toEqual({ a: 1 })
    expect((await board.count()).unclaimed).toBe(0)
  })

  it.each([
    ['time passed', 0],
    ['the machine was suspended, when the monotonic clock may stand still', 3_600_000],
  ])('is not sent again when the receipt may be forgotten: %s', async (_, suspendedMs) => {
    const rememberMs = suspendedMs === 0 ? 0 : 60_000
    const board = await connect({ rememberMs })
    tampering.post = async proceed => {
      await proceed()
      clock.wallAhead += suspendedMs
      throw new DriverError('unavailable', 'the reply was lost')
    }
    const job = new Watched(board.post('job', { id: 'mine' }))
    await clock.advance(5_000)
    expect(job.error).toMatchObject({ code: 'JOBBOARD_OUTCOME_UNKNOWN', jobId: 'mine' })
    expect(count('post')).toBe(1)
  })

  it('is sent again whatever rememberMs is, when it was surely not done', async () => {
    const board = await connect({ rememberMs: 0 })
    tampering.post = () => {
      delete tampering.post
      return Promise.reject(new DriverError('unavailable', 'down', { done: 'no' }))
    }
    const job = new Watched(board.post('job'))
    await clock.advance(100)
    expect(job.value?.state).toBe('UNCLAIMED')
  })
})

describe('a post of an id that is in use', () => {
  it('adds nothing and answers where the job stands; with other content it is a conflict', async () => {
    const board = await connect()
    const post = () => board.post('job', { id: 'mine', details: { a: 1 } })
    await post()
    expect((await post()).state).toBe('UNCLAIMED')
    const claim = await board.claim('mine')
    expect((await post()).state).toBe('CLAIMED')
    await claim.trash({ reason: 'no use' })
    expect((await post()).state).toBe('TRASHED')
    await board.restore('mine')
    await (await board.claim('mine')).consume()
    expect((await post()).state).toBe('COMPLETE')
    await expect(board.post('job', { id: 'mine', details: { a: 2 } })).rejects.toMatchObject({
      code: 'JOBBOARD_POSTING_CONFLICT',
      jobId: 'mine',
    })
  })
})

describe('an order whose reply was lost', () => {
  it('is sent again and has succeeded', async () => {
    const board = await connect()
    const { id } = await board.post('job')
    const sent = async (order: Promise<unknown>): Promise<unknown> => {
      const watched = new Watched(order)
      await clock.advance(100)
      return watched.error ?? watched.state
    }
    const { fencingToken: token } = await board.claim(id)
    tampering.administer = lostOnce()
    expect(await sent(board.forceRelease(id, { token, reason: 'stuck' }))).toBe('done')
    await (await board.claim(id)).trash({ reason: 'no use' })
    tampering.administer = lostOnce()
    expect(await sent(board.restore(id))).toBe('done')
    await (await board.claim(id)).trash({ reason: 'no use' })
    tampering.administer = lostOnce()
    expect(await sent(board.purge(id))).toBe('done')
    expect(await board.count()).toEqual({ unclaimed: 0, delayed: 0, claimed: 0, trashed: 0 })
  })
})

describe('the limits of a driver', () => {
  it('hold for posts, looks, claims and endings', async () => {
    const sizes: number[] = []
    const [most, underway] = [{ value: 0 }, { value: 0 }]
    const measure = async (proceed: () => unknown, entries: readonly unknown[]): Promise<unknown> => {
      sizes.push(entries.length)
      underway.value += 1
      most.value = Math.max(most.value, underway.value)
      const answer = await proceed()
      await new Promise<void>(resolve => clock.setTimeout(resolve, 1))
      underway.value -= 1
      return answer
    }
    tampering = {
      post: (proceed, postings) => measure(proceed, postings),
      claim: (proceed, _, tries) => measure(proceed, tries),
      settle: (proceed, _, endings) => measure(proceed, endings),
      read: (proceed, query) => measure(proceed, (query as { ids: readonly string[] }).ids),
    }
    const driver = memory({ backend })
    const info = { ...driver.info, batching: { maxEntries: 7, maxCalls: 2 } }
    const limited = new Proxy(driver, {
      get: (target, key) => {
        const member: unknown = Reflect.get(target, key)
        if (key === 'info') return info
        return typeof member === 'function' ? member.bind(target) : member
      },
    })
    const board = await connect({}, limited)
    const all = async <T>(each: (i: number) => Promise<T>): Promise<readonly T[]> => {
      const done = new Watched(Promise.all(Array.from({ length: 40 }, (_, i) => each(i))))
      await clock.advance(100)
      expect([sizes.splice(0), most.value]).toEqual([[7, 7, 7, 7, 7, 5], 2])
      return done.value ?? []
    }
    const jobs = await all(() => board.post('job'))
    await all(i => board.find(jobs[i] ?? ''))
    await board.claimNext({ names: 'none' })
    const claims = await all(i => board.claim(jobs[i] ?? ''))
    await all(async i => claims[i]?.consume())
  })
})
