import { type Claim, Jobboard, type JobboardOptions, type TrashedJob } from '@jobboard/core'
import { DriverError, type DriverSink } from '@jobboard/core/driver'
import { FakeClock, MemoryBackend, memory } from '@jobboard/memory'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Tampering, tampered, Watched } from './support.js'

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

const down = (): Promise<never> => Promise.reject(new DriverError('unavailable', 'down', { done: 'no' }))
const count = (member: string): number => calls.filter(call => call === member).length

describe('a claim that is refused', () => {
  it('names who holds the job, also when it is the asker', async () => {
    const board = await connect()
    const job = await board.post('job')
    await board.claim(job, 'alice')
    await expect(board.claim(job, 'alice')).rejects.toMatchObject({
      code: 'JOBBOARD_ALREADY_CLAIMED',
      owner: 'alice',
      jobId: job.id,
    })
  })

  it('says when a delayed job can be had', async () => {
    const board = await connect()
    const job = await board.post('job', { delayMs: 5_000 })
    await expect(board.claim(job)).rejects.toMatchObject({
      code: 'JOBBOARD_NOT_AVAILABLE_YET',
      availableAt: new Date(clock.now() + 5_000),
    })
  })

  it('says that there is no such job', async () => {
    const board = await connect()
    await expect(board.claim('nobody')).rejects.toMatchObject({ code: 'JOBBOARD_JOB_NOT_FOUND' })
  })

  it('opens a new session once when the old one is over, and is unavailable when that is over too', async () => {
    const board = await connect()
    const job = await board.post('job')
    const over = () => Promise.resolve([{ kind: 'over' }])
    tampering.claim = over
    tampering.claimNext = over
    await expect(board.claim(job)).rejects.toMatchObject({ code: 'JOBBOARD_UNAVAILABLE' })
    // Nothing to claim would be another answer.
    await expect(board.claimNext()).rejects.toMatchObject({ code: 'JOBBOARD_UNAVAILABLE' })
    expect(count('startSession')).toBe(4)
    delete tampering.claim
    await expect(board.claim(job)).resolves.toMatchObject({ attempt: 1 })
  })

  it('is lost when the claim was granted and has ended since', async () => {
    const board = await connect()
    const job = await board.post('job')
    tampering.claim = () => Promise.resolve([{ kind: 'ended' }])
    await expect(board.claim(job)).rejects.toMatchObject({ code: 'JOBBOARD_CLAIM_LOST', reason: 'unknown' })
  })
})

describe.each([true, false])('a call of several steps (claimNext by the driver: %s)', claimNext => {
  const slowly =
    (ms: number) =>
    async (proceed: () => unknown): Promise<unknown> => {
      await new Promise<void>(resolve => clock.setTimeout(resolve, ms))
      return proceed()
    }
  const ask: Readonly<Record<string, (board: Jobboard, jobId: string) => Promise<unknown>>> = {
    claim: (board, jobId) => board.claim(jobId),
    claimNext: board => board.claimNext(),
    forceRelease: (board, jobId) => board.forceRelease(jobId, { token: 'any', reason: 'stuck' }),
  }

  it.each(Object.keys(ask))('%s ends within the time limit of one', async call => {
    const options = { clock, requestTimeoutMs: 1_000 }
    const board = new Jobboard(tampered(memory({ backend, claimNext }), tampering, calls), options)
    boards.push(await board.connect())
    const { id } = await board.post('job')
    if (call === 'forceRelease') await board.claim(id)
    const hang = () => new Promise<never>(() => {})
    const slow = slowly(300)
    Object.assign(tampering, {
      startSession: slow,
      read: slow,
      claim: hang,
      claimNext: hang,
      administer: hang,
    })
    const asked = new Watched(ask[call]?.(board, id) ?? Promise.reject())
    await clock.advance(999)
    expect(asked.state).toBe('open')
    await clock.advance(1)
    expect(asked.error).toMatchObject({ code: 'JOBBOARD_OUTCOME_UNKNOWN' })
  })

  it('waits for an opening that others began no longer than for its own', async () => {
    const options = { clock, requestTimeoutMs: 1_000 }
    const board = new Jobboard(tampered(memory({ backend, claimNext }), tampering, calls), options)
    boards.push(await board.connect())
    const { id } = await board.post('job')
    tampering.startSession = slowly(390)
    tampering.claim = () => Promise.resolve([{ kind: 'over' }])
    const asked = new Watched(board.claim(id))
    await clock.advance(1_000)
    expect(asked.error).toMatchObject({ code: 'JOBBOARD_UNAVAILABLE' })
  })
})

describe('claimNext', () => {
  it('asks again when what it got has ended since', async () => {
    const board = await connect()
    await board.post('job')
    tampering.claimNext = () => {
      delete tampering.claimNext
      return Promise.resolve([{ kind: 'ended' }])
    }
    expect((await board.claimNext())?.job.name).toBe('job')
  })

  it('is undefined when there is nothing to claim, and only then', async () => {
    const board = await connect({ requestTimeoutMs: 500 })
    await expect(board.claimNext()).resolves.toBeUndefined()
    tampering.claimNext = down
    const failed = new Watched(board.claimNext())
    await clock.advance(500)
    expect(failed.error).toMatchObject({ code: 'JOBBOARD_UNAVAILABLE' })
  })
})

describe('the style of the original', () => {
  it('finds the claim that this board holds, by job and owner', async () => {
    const board = await connect()
    const job = await board.post('job')
    const claim = await board.claim(job, 'worker-1')
    const wrong = { code: 'JOBBOARD_CLAIM_NOT_HELD', jobId: job.id }
    await expect(board.consume(job, 'worker-2')).rejects.toMatchObject(wrong)
    await expect(board.abandon('another job')).rejects.toMatchObject({ code: 'JOBBOARD_CLAIM_NOT_HELD' })
    await board.consume(job.id, 'worker-1')
    expect(claim.state).toBe('settled')
    await expect(board.consume(job)).rejects.toMatchObject(wrong)
  })

  it('ends a claim in each of the three ways', async () => {
    const board = await connect()
    const [a, b, c] = [await board.post('a'), await board.post('b'), await board.post('c')]
    for (const job of [a, b, c]) await board.claim(job)
    await board.consume(a)
    await board.abandon(b, undefined, { delayMs: 1_000, failure: true })
    await board.trash(c, undefined, { reason: 'no use', error: new Error('broken') })
    expect(await board.count()).toEqual({ unclaimed: 0, delayed: 1, claimed: 0, trashed: 1 })
    expect((await board.find(b))?.failures).toBe(1)
    expect((await board.find(c))?.trashedWith).toMatchObject({ reason: 'no use' })
  })

  it('tells a loss from a claim that never was', async () => {
    const board = await connect()
    const job = await board.post('job')
    await board.claim(job)
    tampering.renew = down
    await clock.advance(15_000)
    await expect(board.consume(job)).rejects.toMatchObject({ code: 'JOBBOARD_CLAIM_LOST', reason: 'expired' })
  })

  it('forgets the losses of long ago, not those of the claims that it holds', async () => {
    const board = await connect()
    const jobs = await Promise.all(Array.from({ length: 150 }, () => board.post('job')))
    const operator = await connect()
    const kept = await board.claim(await board.post('kept'))
    for (const job of jobs) {
      await board.claim(job)
      await operator.forceRelease(job, { token: 'any', reason: 'stuck' })
    }
    await clock.advance(5_000)
    const [first, last] = [jobs[0], jobs.at(-1)]
    await expect(board.consume(first ?? '')).rejects.toMatchObject({ code: 'JOBBOARD_CLAIM_NOT_HELD' })
    await expect(board.consume(last ?? '')).rejects.toMatchObject({ code: 'JOBBOARD_CLAIM_LOST' })
    await board.consume(kept.job)
  })
})

describe('entities', () => {
  const entity = { kind: 'conductor', name: 'c1', metadata: { host: 'a' } }

  it('are listed once registering resolves, and vanish with the board', async () => {
    const [board, other] = [await connect(), await connect()]
    await board.registerEntity(entity)
    expect(await other.entities()).toEqual([entity])
    await board.close()
    expect(await other.entities()).toEqual([])
  })

  it('are announced under the session that is open, when the one that was asked is over', async () => {
    const board = await connect()
    await board.claimNext()
    tampering.administer = () => {
      delete tampering.administer
      return Promise.resolve({ kind: 'over' })
    }
    await board.registerEntity(entity)
    expect(await board.entities()).toEqual([entity])
    expect(count('startSession')).toBe(2)
  })

  it('are announced anew after a loss, though nobody claims and the backend is down for a while', async () => {
    const sinks: DriverSink[] = []
    tampering.open = (proceed, sink) => {
      sinks.push(sink)
      return proceed()
    }
    const board = await connect()
    await board.registerEntity(entity)
    Object.assign(tampering, { renew: down, startSession: down, administer: down, endSession: down })
    await clock.advance(60_000)
    expect(await board.entities()).toEqual([])
    for (const member of ['renew', 'startSession', 'endSession'] as const) delete tampering[member]
    await clock.advance(20_000)
    delete tampering.administer
    await clock.advance(20_000)
    expect(await board.entities()).toEqual([entity])
  })

  it.each([
    [{ kind: '', name: 'c1' }],
    [{ kind: 'conductor', name: 7 }],
    [{ kind: 'conductor', name: 'c1', metadata: { at: new Date() } }],
    [undefined],
  ])('are checked: %j', async wrong => {
    const board = await connect()
    await expect(board.registerEntity(wrong as typeof entity)).rejects.toMatchObject({
      code: 'JOBBOARD_INVALID_ARGUMENT',
    })
  })
})

describe('operators', () => {
  it('end the claim that they saw, and no other', async () => {
    const board = await connect()
    const job = await board.post('job')
    const claim: Claim = await board.claim(job)
    const reason = 'stuck'
    await expect(board.forceRelease(job, { token: claim.fencingToken + 1n, reason })).rejects.toMatchObject({
      code: 'JOBBOARD_CLAIM_CHANGED',
      fencingToken: claim.fencingToken,
    })
    await board.forceRelease(job, { token: claim.fencingToken, reason })
    await expect(board.forceRelease(job, { token: 'any', reason })).rejects.toMatchObject({
      code: 'JOBBOARD_CLAIM_CHANGED',
      fencingToken: undefined,
    })
  })

  it.each(['any', 1n] as const)('find no job in the trash or nowhere to release (token %s)', async token => {
    const board = await connect()
    const job = await board.post('job')
    await (await board.claim(job)).trash({ reason: 'no use' })
    for (const gone of [job, 'nowhere']) {
      await expect(board.forceRelease(gone, { token, reason: 'stuck' })).rejects.toMatchObject({
        code: 'JOBBOARD_JOB_NOT_FOUND',
      })
    }
  })

  it('are not told of another outcome than the one that nobody knows', async () => {
    // Without receipts, so that the id of a purged job is free at once.
    const board = await connect({ rememberMs: 0 })
    const worker = await connect({ rememberMs: 0 })
    const { id } = await board.post('job')
    /** The first send is done and its reply lost; then somebody else goes on with the job before the second arrives. */
    const overtaken = async (
      order: () => Promise<unknown>,
      then: () => Promise<unknown>,
    ): Promise<unknown> => {
      tampering.administer = async proceed => {
        delete tampering.administer
        await proceed()
        await then()
        throw new DriverError('unavailable', 'the reply was lost')
      }
      const ordered = new Watched(order())
      await clock.advance(1_000)
      return ordered.error
    }
    const unknown = { code: 'JOBBOARD_OUTCOME_UNKNOWN', jobId: id }
    const consume = async (): Promise<unknown> => (await worker.claim(id)).consume()
    const trash = async (): Promise<unknown> => (await worker.claim(id)).trash({ reason: 'no use' })

    const { fencingToken: token } = await board.claim(id)
    expect(await overtaken(() => board.forceRelease(id, { token, reason: 'stuck' }), trash)).toMatchObject(
      unknown,
    )
    expect(
      await overtaken(
        () => board.purge(id),
        () => worker.post('another', { id }),
      ),
    ).toMatchObject(unknown)
    await trash()
    expect(await overtaken(() => board.restore(id), consume)).toMatchObject(unknown)
  })

  it('restore and purge what is in the trash, and are told what is not', async () => {
    const board = await connect()
    const [a, b] = [await board.post('a', { details: { n: 1 } }), await board.post('b')]
    for (const job of [a, b]) await (await board.claim(job)).trash({ reason: 'no use' })
    const trash: TrashedJob[] = []
    for await (const job of board.trashed()) trash.push(job)
    expect(trash.map(job => [job.id, job.state])).toEqual([
      [a.id, 'TRASHED'],
      [b.id, 'TRASHED'],
    ])
    expect(await trash[0]?.restore()).toMatchObject({ id: a.id, attempts: 0, details: { n: 1 } })
    await trash[1]?.purge()
    await expect(board.restore(b)).rejects.toMatchObject({ code: 'JOBBOARD_JOB_NOT_FOUND' })
    await expect(board.purge(a)).rejects.toThrow(`No job ${a.id} is in the trash (it is on the board)`)
  })
})
