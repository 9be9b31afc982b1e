import { Jobboard, type JobboardOptions } from '@jobboard/core'
import { DriverError, type DriverSink } from '@jobboard/core/driver'
import { FakeClock, MemoryBackend, memory } from '@jobboard/memory'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Deferred, type Tampering, tampered, Watched } from './support.js'

/** `job.wait()`, for the end of a job, and `board.waitForJob()`, for something to do. */

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

const looks = (): number => calls.filter(call => call === 'read').length
const down = (): Promise<never> => Promise.reject(new DriverError('unavailable', 'down', { done: 'no' }))

describe('a wait with a signal', () => {
  it('ends when that aborts, also in the middle of a look that hangs', async () => {
    const board = await connect()
    const job = await board.post('job')
    tampering.read = () => new Promise(() => {})
    const stop = new AbortController()
    const waits = [job.wait({ signal: stop.signal }), board.waitForJob({ signal: stop.signal })]
    const watched = waits.map(wait => new Watched<unknown>(wait))
    await clock.advance(10)
    stop.abort(new Error('enough'))
    await clock.advance(0)
    expect(watched.map(({ error }) => (error as Error | undefined)?.message)).toEqual(['enough', 'enough'])
  })
})

describe('job.refresh', () => {
  it('shows the latest look, also when an older one is answered after it', async () => {
    const board = await connect()
    const job = await board.post('job')
    const claim = await board.claim(job)
    const slow = new Deferred<void>()
    tampering.read = async proceed => {
      delete tampering.read
      const before = await proceed()
      await slow.promise
      return before
    }
    const older = job.refresh()
    await clock.advance(1)
    await claim.consume()
    await job.refresh()
    expect(job.state).toBe('COMPLETE')
    slow.resolve()
    await older
    expect(job.state).toBe('COMPLETE')
  })
})

describe('board.waitForJob', () => {
  it('looks past a page on which nothing can be shown, and tells why', async () => {
    const board = await connect()
    await board.post('job')
    const malformed: string[] = []
    board.on('malformed', ({ where }) => malformed.push(where))
    tampering.read = (proceed, query) =>
      (query as { after?: string }).after === undefined
        ? Promise.resolve({ jobs: [], malformed: [{ where: 'k', problem: 'p' }], next: '0:0:100' })
        : proceed()
    expect(await board.waitForJob({ timeoutMs: 0 })).toMatchObject({ name: 'job' })
    expect(malformed).toEqual(['k'])
  })
})

describe('job.wait', () => {
  it.each([
    ['COMPLETE', 'consume'],
    ['TRASHED', 'trash'],
  ] as const)('answers %s as soon as the backend tells of the %s', async (state, how) => {
    const board = await connect({ refreshMs: 3_600_000 })
    const job = await board.post('job')
    const waiting = new Watched(job.wait())
    const claim = await board.claim(job)
    await clock.advance(10_000)
    expect(waiting.state).toBe('open')
    await (how === 'trash' ? claim.trash({ reason: 'no use' }) : claim.consume())
    await clock.advance(0)
    expect(waiting.value).toBe(state)
    expect(job.state).toBe(state)
  })

  it('looks once with a timeout of 0', async () => {
    const board = await connect()
    const job = await board.post('job')
    const before = looks()
    await expect(job.wait({ timeoutMs: 0 })).resolves.toBe(false)
    expect(looks() - before).toBe(1)
    await (await board.claim(job)).consume()
    await expect(job.wait({ timeoutMs: 0 })).resolves.toBe('COMPLETE')
  })

  it('is false at its timeout, after a last look', async () => {
    const board = await connect({ refreshMs: 3_600_000 })
    const job = await board.post('job')
    const waiting = new Watched(job.wait({ timeoutMs: 2_000 }))
    await clock.advance(1_999)
    expect(waiting.state).toBe('open')
    await clock.advance(1)
    expect(waiting.value).toBe(false)
  })

  it('sees at its last look what was not told', async () => {
    tampering.open = (proceed, sink) => {
      Object.assign(sink, { changed: () => {} })
      return proceed()
    }
    const board = await connect({ refreshMs: 3_600_000 })
    const job = await board.post('job')
    const waiting = new Watched(job.wait({ timeoutMs: 2_000 }))
    await clock.advance(0)
    await (await board.claim(job)).consume()
    await clock.advance(2_000)
    expect(waiting.value).toBe('COMPLETE')
  })

  it('outlives an outage', async () => {
    const board = await connect({ requestTimeoutMs: 1_000 })
    const job = await board.post('job')
    tampering.read = down
    const waiting = new Watched(job.wait())
    await clock.advance(10_000)
    expect(waiting.state).toBe('open')
    delete tampering.read
    await (await board.claim(job)).consume()
    await clock.advance(2_000)
    expect(waiting.value).toBe('COMPLETE')
  })

  it('does not answer false when it could not look at the end', async () => {
    const board = await connect({ requestTimeoutMs: 1_000 })
    const job = await board.post('job')
    tampering.read = down
    const waits = [new Watched(job.wait({ timeoutMs: 300 })), new Watched(job.wait({ timeoutMs: 5_000 }))]
    await clock.advance(10_000)
    for (const { error } of waits) expect(error).toMatchObject({ code: 'JOBBOARD_UNAVAILABLE' })
  })

  it('is unknown when the job is gone, and the board is not the one on which it was seen', async () => {
    const board = await connect()
    const job = await board.post('job')
    backend = new MemoryBackend(clock)
    const other = await connect()
    tampering.read = (_, query) =>
      Promise.resolve({ scope: other.scope, found: (query as { ids: string[] }).ids.map(() => 'absent') })
    await expect(job.wait()).resolves.toBe('UNKNOWN')
  })

  it('rejects with the reason of its signal', async () => {
    const board = await connect()
    const job = await board.post('job')
    const stop = new AbortController()
    const waiting = new Watched(job.wait({ signal: stop.signal }))
    await clock.advance(0)
    stop.abort(new Error('enough'))
    await clock.advance(0)
    expect(waiting.error).toEqual(new Error('enough'))
    await expect(job.wait({ signal: AbortSignal.abort('before') })).rejects.toBe('before')
  })

  it('looks once for a burst of changes, and not at those of other jobs', async () => {
    const board = await connect({ refreshMs: 3_600_000 })
    const [job, other] = [await board.post('job'), await board.post('other')]
    const waiting = new Watched(job.wait())
    await clock.advance(0)
    const before = looks()
    await (await board.claim(other)).consume()
    await clock.advance(0)
    expect(looks()).toBe(before)
    await (await board.claim(job)).abandon()
    await clock.advance(0)
    expect(looks() - before).toBe(1)
    expect(waiting.state).toBe('open')
  })

  it('shares its looks with others', async () => {
    const board = await connect()
    const jobs = await Promise.all(Array.from({ length: 100 }, () => board.post('job')))
    const before = looks()
    await Promise.all(jobs.map(job => job.wait({ timeoutMs: 0 })))
    expect(looks() - before).toBe(1)
  })
})

describe('board.waitForJob', () => {
  it('shows the first job that can be claimed, without claiming it', async () => {
    const board = await connect({ refreshMs: 3_600_000 })
    const waiting = new Watched(board.waitForJob())
    await clock.advance(10_000)
    expect(waiting.state).toBe('open')
    await board.post('job')
    await clock.advance(0)
    expect(waiting.value?.name).toBe('job')
    expect(waiting.value?.state).toBe('UNCLAIMED')
  })

  it('is undefined at its timeout; with a timeout of 0 it looks once', async () => {
    const board = await connect()
    await expect(board.waitForJob({ timeoutMs: 0 })).resolves.toBeUndefined()
    expect(looks()).toBe(1)
    const waiting = new Watched(board.waitForJob({ timeoutMs: 1_500 }))
    await clock.advance(1_500)
    expect([waiting.state, waiting.value]).toEqual(['done', undefined])
  })

  it('waits for the names that it was given', async () => {
    const board = await connect({ refreshMs: 3_600_000 })
    const waiting = new Watched(board.waitForJob({ names: 'wanted' }))
    await clock.advance(0)
    const before = looks()
    await board.post('other')
    await clock.advance(0)
    expect([waiting.state, looks()]).toEqual(['open', before])
    await board.post('wanted')
    await clock.advance(0)
    expect(waiting.value?.name).toBe('wanted')
  })

  it('wakes up when a delay ends by itself', async () => {
    const board = await connect({ refreshMs: 3_600_000 })
    await board.post('later', { delayMs: 4_000 })
    const waiting = new Watched(board.waitForJob())
    await clock.advance(3_999)
    expect(waiting.state).toBe('open')
    await clock.advance(1)
    expect(waiting.value?.name).toBe('later')
  })

  it('looks again after a gap, and is told that there was one', async () => {
    const sinks: DriverSink[] = []
    tampering.open = (proceed, sink) => {
      sinks.push(sink)
      return proceed()
    }
    const board = await connect({ refreshMs: 3_600_000 })
    const resynced: Date[] = []
    board.on('resynced', ({ at }) => resynced.push(at))
    const waiting = new Watched(board.waitForJob())
    await clock.advance(0)
    const [sink] = sinks
    Object.assign(sink ?? {}, { changed: () => {} })
    await board.post('unheard of')
    await clock.advance(1_000)
    expect(waiting.state).toBe('open')
    sink?.gap()
    await clock.advance(0)
    expect(waiting.value?.name).toBe('unheard of')
    expect(resynced).toEqual([new Date(clock.now())])
  })

  it.each([-1, Number.NaN, '5'])('refuses %j as a timeout', async timeoutMs => {
    const board = await connect()
    const options = { timeoutMs: timeoutMs as number }
    await expect(board.waitForJob(options)).rejects.toMatchObject({ code: 'JOBBOARD_INVALID_ARGUMENT' })
    const job = await board.post('job')
    await expect(job.wait(options)).rejects.toMatchObject({ code: 'JOBBOARD_INVALID_ARGUMENT' })
  })
})
