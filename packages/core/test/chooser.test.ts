import { type Claim, Jobboard, type JobboardOptions } from '@jobboard/core'
import type { DriverSink, JobChange, PageAnswer } from '@jobboard/core/driver'
import { FakeClock, MemoryBackend, memory } from '@jobboard/memory'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Deferred, SplitClock, type Tampering, tampered, Watched } from './support.js'

/** How core stands in for a backend that cannot choose the next job by itself. */

let time: FakeClock
let clock: SplitClock
let backend: MemoryBackend
let tampering: Tampering
let calls: string[]
let sinks: DriverSink[]
const boards: Jobboard[] = []

beforeEach(() => {
  time = new FakeClock()
  clock = new SplitClock(time)
  backend = new MemoryBackend(time)
  sinks = []
  tampering = {
    open: (proceed, sink) => {
      sinks.push(sink)
      return proceed()
    },
  }
  calls = []
})

afterEach(async () => {
  const closing = Promise.all(boards.splice(0).map(board => board.close()))
  await time.advance(60_000)
  await closing
})

async function connect(options: JobboardOptions = {}): Promise<Jobboard> {
  const driver = tampered(memory({ backend, claimNext: false }), tampering, calls)
  const board = new Jobboard(driver, { clock, spreadWindow: 1, ...options })
  boards.push(board)
  return board.connect()
}

/** The claims that a worker gets, as they come. */
function work(board: Jobboard, options = {}): Claim[] {
  const claims: Claim[] = []
  void (async () => {
    for await (const claim of board.claims({ concurrency: 100, ...options })) claims.push(claim)
  })()
  return claims
}

/** From now on the first board hears nothing; the answer makes it hear again, and tells it of the gap. */
function deafen(): () => void {
  const [sink] = sinks
  if (sink === undefined) throw new Error('no board is connected')
  const { changed, gap } = sink
  sink.changed = () => {}
  sink.gap = () => {}
  return () => {
    Object.assign(sink, { changed, gap })
    sink.gap()
  }
}

const count = (member: string): number => calls.filter(call => call === member).length

describe('a choice by core', () => {
  it('takes the most urgent first, then the oldest', async () => {
    const board = await connect()
    for (const priority of ['LOW', 'HIGH', 'NORMAL', 'HIGH'] as const)
      await board.post(priority, { priority })
    const names: (string | undefined)[] = []
    for (let i = 0; i < 5; i++) names.push((await board.claimNext())?.job.name)
    expect(names).toEqual(['HIGH', 'HIGH', 'NORMAL', 'LOW', undefined])
  })

  it('lists the board once, and is then kept by what is pushed', async () => {
    const board = await connect()
    await board.post('first')
    await board.claimNext()
    const listings = count('read')
    await board.post('second')
    const claim = await board.claimNext()
    expect(claim?.job.name).toBe('second')
    await claim?.abandon()
    expect((await board.claimNext())?.job.name).toBe('second')
    expect(count('read')).toBe(listings)
  })

  it('passes over what somebody else was faster to take', async () => {
    const [board, other] = [await connect(), await connect()]
    const first = await board.post('first')
    await board.post('second')
    await board.claimNext().then(claim => claim?.abandon())
    // The push that tells of the other's claim is late.
    const changed = sinks[0]?.changed
    deafen()
    await other.claim(first)
    Object.assign(sinks[0] ?? {}, { changed })
    expect((await board.claimNext())?.job.name).toBe('second')
  })

  it('does not forget the job at which it met the end of its session', async () => {
    const board = await connect()
    await board.post('job')
    tampering.claim = () => {
      delete tampering.claim
      return Promise.resolve([{ kind: 'over' }])
    }
    expect((await board.claimNext())?.job.name).toBe('job')
  })

  it('does not forget a job of which it could not learn whether it has it', async () => {
    const board = await connect({ requestTimeoutMs: 500 })
    await board.post('job')
    tampering.claim = () => new Promise(() => {})
    const lost = new Watched(board.claimNext())
    await clock.advance(500)
    expect(lost.error).toMatchObject({ code: 'JOBBOARD_OUTCOME_UNKNOWN' })
    delete tampering.claim
    expect((await board.claimNext())?.job.name).toBe('job')
  })

  it('asks once for a job that its own clock calls due and the judging one does not', async () => {
    const board = await connect()
    await expect(board.claimNext()).resolves.toBeUndefined()
    await board.post('later', { delayMs: 5_000 })
    clock.wallAhead = 6_000
    const before = count('claim')
    await expect(board.claimNext()).resolves.toBeUndefined()
    expect(count('claim')).toBe(before + 1)
    // A worker does not hammer the backend until the other clock has come so far.
    const claims = work(board)
    await clock.advance(1_000)
    expect(count('claim')).toBeLessThan(before + 30)
    await clock.advance(4_100)
    expect(claims.map(claim => claim.job.name)).toEqual(['later'])
  })
})

describe('a worker where core chooses', () => {
  it('takes a delayed job when its time has come, also one that was posted before anybody looked', async () => {
    const board = await connect({ refreshMs: 600_000 })
    await board.post('before', { delayMs: 3_000 })
    const claims = work(board)
    await clock.advance(0)
    await board.post('after', { delayMs: 4_000 })
    await clock.advance(2_999)
    expect(claims).toEqual([])
    await clock.advance(501)
    expect(claims.map(claim => claim.job.name)).toEqual(['before'])
    await clock.advance(1_000)
    expect(claims.map(claim => claim.job.name)).toEqual(['before', 'after'])
  })

  it('learns from the listing when a claim ends by itself, where nothing is pushed', async () => {
    tampering.read = async proceed => {
      const page = await proceed()
      const nextChangeInMs = backend.nextChangeInMs()
      return nextChangeInMs === undefined ? page : { ...(page as object), nextChangeInMs }
    }
    const [board, dead] = [await connect({ refreshMs: 600_000 }), await connect({ sessionTtlMs: 9_000 })]
    const job = await dead.post('job')
    await dead.claim(job)
    const claims = work(board)
    await clock.advance(0)
    // From now on the dead one renews nothing, and nobody is told of anything.
    tampering.renew = (proceed, { session }) =>
      backend.sessions.get(session.id)?.ttlMs === 9_000 ? new Promise(() => {}) : proceed()
    deafen()
    await clock.advance(10_000)
    expect(claims.map(({ job, previous }) => [job.name, previous?.cause])).toEqual([['job', 'expired']])
  })

  it('finds a job although the push does not say what it is', async () => {
    tampering.open = (proceed, its) => {
      const changed = its.changed.bind(its)
      its.changed = changes => changed(changes.map(({ head: _, ...change }): JobChange => change))
      return proceed()
    }
    const board = await connect({ refreshMs: 600_000 })
    const claims = work(board)
    await clock.advance(0)
    await board.post('job')
    await clock.advance(0)
    expect(claims.map(claim => claim.job.name)).toEqual(['job'])
  })

  it('goes on with what it knows while a listing takes its time, and lists no more than it must', async () => {
    const board = await connect({ refreshMs: 1_000, requestTimeoutMs: 2_000 })
    for (let i = 0; i < 2_000; i++) void board.post('job', { id: `j${i}` })
    await time.advance(1)
    let pages = 0
    tampering.read = async (proceed, query) => {
      if ((query as { kind: string }).kind === 'list') {
        pages += 1
        await new Promise<void>(resolve => time.setTimeout(resolve, 500))
      }
      return proceed()
    }
    // The first listing takes longer than refreshMs, and longer than one call may take.
    const first = new Watched(board.claimNext())
    await time.advance(2_500)
    expect(first.error).toMatchObject({ code: 'JOBBOARD_UNAVAILABLE' })
    for (let i = 0; i < 20; i++) {
      const next = new Watched(board.claimNext())
      await time.advance(1)
      expect(next.value).toBeDefined()
      await time.advance(499)
    }
    await time.advance(5_000)
    const before = pages
    await time.advance(60_000)
    expect(pages).toBe(before)
  })

  it('reads the listing again after a gap', async () => {
    const board = await connect({ refreshMs: 600_000 })
    const claims = work(board)
    await clock.advance(0)
    const hearAgain = deafen()
    await board.post('unheard of')
    await clock.advance(1_000)
    expect(claims).toEqual([])
    hearAgain()
    await clock.advance(0)
    expect(claims.map(claim => claim.job.name)).toEqual(['unheard of'])
  })

  it('reads the listing again after refreshMs, with nothing pushed at all', async () => {
    const board = await connect({ refreshMs: 5_000 })
    const claims = work(board)
    await clock.advance(0)
    deafen()
    await board.post('unheard of')
    await clock.advance(4_999)
    expect(claims).toEqual([])
    await clock.advance(1)
    expect(claims.map(claim => claim.job.name)).toEqual(['unheard of'])
  })

  it('does not miss what a listing that was overtaken by another one missed', async () => {
    const board = await connect({ refreshMs: 600_000 })
    const pages = [new Deferred<PageAnswer>(), new Deferred<PageAnswer>()]
    const waiting = [...pages]
    // The first listing is slow; a gap makes the next caller read a second one, which finds the jobs.
    tampering.read = async proceed => {
      const answer = (await proceed()) as PageAnswer
      const page = waiting.shift()
      return page === undefined ? answer : page.promise.then(() => answer)
    }
    const slow = new Watched(board.claimNext())
    await clock.advance(0)
    await board.post('one')
    await board.post('two')
    sinks[0]?.gap()
    const quick = new Watched(board.claimNext())
    await clock.advance(0)
    for (const page of pages) {
      page.resolve({ jobs: [], malformed: [] })
      await clock.advance(0)
    }
    expect([quick.value?.job.name, slow.value?.job.name].sort()).toEqual(['one', 'two'])
  })

  it('among many tries at most once each for one new job', async () => {
    const workers = await Promise.all(Array.from({ length: 20 }, () => connect()))
    const claims = workers.map(board => work(board))
    await clock.advance(0)
    const before = count('claim')
    await workers[0]?.post('job')
    await clock.advance(0)
    expect(claims.flat()).toHaveLength(1)
    expect(count('claim') - before).toBeLessThanOrEqual(20)
  })
})
