import { FakeClock } from '@jobboard/memory'
import { beforeEach, describe, expect, it } from 'vitest'
import { Courier } from '../src/courier.js'
import type { Errand } from '../src/delivery.js'
import { DriverError, type DriverErrorKind } from '../src/driver/driver-error.js'
import {
  BoardClosedError,
  DriverDefectError,
  type JobboardErrorCode,
  OverloadedError,
} from '../src/errors.js'
import { translate } from '../src/translate.js'
import { Deferred, Watched } from './support.js'

const limitMs = 1_000
const write: Errand = { doing: 'consuming', jobId: 'j', write: true }
const read: Errand = { doing: 'listing', write: false }

const outage = (done: 'no' | 'maybe' = 'no') => new DriverError('unavailable', 'down', { done })

let clock: FakeClock
let courier: Courier

beforeEach(() => {
  clock = new FakeClock()
  courier = new Courier(clock, limitMs)
})

describe('a delivery', () => {
  it('resolves with the first answer, and asks once', async () => {
    let sends = 0
    await expect(courier.deliver(write, async () => ++sends)).resolves.toBe(1)
  })

  it('is sent again after an outage, with growing pauses, until it is answered', async () => {
    const sentAt: number[] = []
    const start = clock.now()
    const answer = new Watched(
      courier.deliver(write, async () => {
        sentAt.push(clock.now() - start)
        if (sentAt.length < 5) throw outage('maybe')
        return 'done'
      }),
    )
    await clock.advance(limitMs)
    expect(answer.value).toBe('done')
    const pauses = sentAt.slice(1).map((at, i) => at - (sentAt[i] ?? 0))
    for (const [i, pause] of pauses.entries()) {
      expect(pause).toBeGreaterThanOrEqual(5 * 2 ** i)
      expect(pause).toBeLessThanOrEqual(10 * 2 ** i)
    }
  })

  it('ends at its time limit although a send never ends, and drops the late answer', async () => {
    const late = new Deferred<string>()
    const answer = new Watched(courier.deliver(read, () => late.promise))
    await clock.advance(limitMs - 1)
    expect(answer.state).toBe('open')
    await clock.advance(1)
    expect(answer.error).toMatchObject({ code: 'JOBBOARD_UNAVAILABLE' })
    late.resolve('late')
    await clock.advance(0)
    expect(answer.state).toBe('failed')
  })

  it('is not sent again once its time is over', async () => {
    let sends = 0
    const late = new Deferred<never>()
    const answer = new Watched(
      courier.deliver(read, () => {
        sends += 1
        return late.promise
      }),
    )
    await clock.advance(limitMs)
    late.reject(outage())
    await clock.advance(limitMs * 10)
    expect([answer.state, sends]).toEqual(['failed', 1])
  })

  it('takes a limit of its own', async () => {
    const answer = new Watched(courier.deliver(read, () => new Promise(() => {}), 50))
    await clock.advance(50)
    expect(answer.state).toBe('failed')
  })

  it('rejects, and is over, when the driver throws instead of answering', async () => {
    let sends = 0
    const thrower = (): Promise<string> => {
      sends += 1
      // Also in a later send, which no caller's stack stands under.
      if (sends === 1) return Promise.reject(outage())
      throw new TypeError('thrown, not rejected')
    }
    const answer = new Watched(courier.deliver(read, thrower))
    await clock.advance(limitMs)
    expect(answer.error).toMatchObject({ code: 'JOBBOARD_DRIVER_DEFECT' })
    await expect(courier.idle()).resolves.toBeUndefined()
  })
})

describe('what a caller is told', () => {
  /** How the sends of an operation went, and what is therefore known of it. */
  const table: readonly {
    readonly what: string
    readonly errand: Errand
    readonly sends: readonly (unknown | 'hang' | 'queued')[]
    readonly code: JobboardErrorCode
  }[] = [
    {
      what: 'a write that was never sent',
      errand: write,
      sends: ['queued'],
      code: 'JOBBOARD_UNAVAILABLE',
    },
    { what: 'a write that was sent', errand: write, sends: ['hang'], code: 'JOBBOARD_OUTCOME_UNKNOWN' },
    { what: 'a read that was sent', errand: read, sends: ['hang'], code: 'JOBBOARD_UNAVAILABLE' },
    {
      what: 'a write that was surely not done, then queued',
      errand: write,
      sends: [outage('no'), 'queued'],
      code: 'JOBBOARD_UNAVAILABLE',
    },
    {
      what: 'a write that was perhaps done, then queued',
      errand: write,
      sends: [outage('maybe'), 'queued'],
      code: 'JOBBOARD_OUTCOME_UNKNOWN',
    },
    {
      what: 'a write that was refused at once',
      errand: write,
      sends: [new DriverError('forbidden', 'no right')],
      code: 'JOBBOARD_PERMISSION_DENIED',
    },
    {
      what: 'a write that was perhaps done, then refused',
      errand: write,
      sends: [outage('maybe'), new DriverError('forbidden', 'no right')],
      code: 'JOBBOARD_OUTCOME_UNKNOWN',
    },
    {
      what: 'a write that was refused in a way that leaves open whether it was done',
      errand: write,
      sends: [new DriverError('limit', 'too much', { done: 'maybe' })],
      code: 'JOBBOARD_OUTCOME_UNKNOWN',
    },
    {
      what: 'a read whose repetition is refused',
      errand: read,
      sends: [outage('maybe'), new DriverError('unauthenticated', 'who?')],
      code: 'JOBBOARD_AUTHENTICATION_FAILED',
    },
    {
      what: 'a write that failed without an explanation',
      errand: write,
      sends: [new TypeError('a defect')],
      code: 'JOBBOARD_OUTCOME_UNKNOWN',
    },
    {
      what: 'a write whose answer makes no sense',
      errand: write,
      sends: [new DriverDefectError('2 answers to 3 entries')],
      code: 'JOBBOARD_OUTCOME_UNKNOWN',
    },
    {
      what: 'a read that failed without an explanation',
      errand: read,
      sends: [new TypeError('a defect')],
      code: 'JOBBOARD_DRIVER_DEFECT',
    },
    {
      what: 'a write that found the queue full',
      errand: write,
      sends: [new OverloadedError(1)],
      code: 'JOBBOARD_OVERLOADED',
    },
    {
      what: 'a write that was perhaps done, then found the queue full',
      errand: write,
      sends: [outage('maybe'), new OverloadedError(1)],
      code: 'JOBBOARD_OUTCOME_UNKNOWN',
    },
  ]

  it.each(table)('of $what: $code', async ({ errand, sends, code }) => {
    const answer = new Watched(
      courier.deliver(errand, ticket => {
        const send = sends[Math.min(ticket.sends, sends.length) - 1]
        ticket.sent = send !== 'queued'
        return typeof send === 'string' ? new Promise(() => {}) : Promise.reject(send)
      }),
    )
    await clock.advance(limitMs)
    expect(answer.error).toMatchObject({ code })
  })

  it('names the job and keeps the last error as the cause', async () => {
    const answer = new Watched(courier.deliver(write, () => Promise.reject(outage('maybe'))))
    await clock.advance(limitMs)
    expect(answer.error).toMatchObject({ jobId: 'j', cause: { message: 'down' } })
  })
})

describe('the words for what left a driver', () => {
  const codes: Readonly<Record<DriverErrorKind, JobboardErrorCode>> = {
    unavailable: 'JOBBOARD_UNAVAILABLE',
    unauthenticated: 'JOBBOARD_AUTHENTICATION_FAILED',
    forbidden: 'JOBBOARD_PERMISSION_DENIED',
    limit: 'JOBBOARD_LIMIT_EXCEEDED',
    incompatible: 'JOBBOARD_INCOMPATIBLE_BACKEND',
  }

  it.each(Object.entries(codes))('%s is %s', (kind, code) => {
    const error = new DriverError(kind as DriverErrorKind, 'what happened')
    expect(translate(error)).toMatchObject({ code, cause: error })
    expect(translate(error).message).toContain('what happened')
  })

  it('knows the error also when it comes from another copy of this package', async () => {
    class DriverError extends Error {
      override readonly name = 'DriverError'
      readonly kind = 'unavailable'
      readonly done = 'no'
    }
    let sends = 0
    const answer = new Watched(
      courier.deliver(write, async () => {
        if (++sends === 1) throw new DriverError('down')
        return 'done'
      }),
    )
    await clock.advance(100)
    expect(answer.value).toBe('done')
    expect(translate(new DriverError('down'))).toMatchObject({ code: 'JOBBOARD_UNAVAILABLE' })
    const other = Object.assign(new DriverError('?'), { kind: 'another' })
    expect(translate(other)).toMatchObject({ code: 'JOBBOARD_DRIVER_DEFECT' })
  })

  it('takes everything else for a defect, and passes its own on', () => {
    expect(translate('a text')).toMatchObject({ code: 'JOBBOARD_DRIVER_DEFECT', cause: 'a text' })
    const own = new BoardClosedError('b')
    expect(translate(own)).toBe(own)
  })
})

describe('a bounded call', () => {
  it('is given up after its limit, perhaps done', async () => {
    const call = new Watched(courier.bounded(new Promise(() => {}), 30))
    await clock.advance(30)
    expect(call.error).toMatchObject({ kind: 'unavailable', done: 'maybe' })
  })

  it('leaves time for a second one within the limit of an operation', async () => {
    const call = new Watched(courier.bounded(new Promise(() => {})))
    await clock.advance(limitMs / 2 - 1)
    expect(call.state).toBe('failed')
  })
})

describe('closing', () => {
  const closed = new BoardClosedError('b')

  it('waits for what is under way', async () => {
    const [one, two] = [new Deferred<string>(), new Deferred<string>()]
    const deliveries = [courier.deliver(read, () => one.promise), courier.deliver(read, () => two.promise)]
    const idle = new Watched(courier.idle())
    one.resolve('one')
    await clock.advance(0)
    expect(idle.state).toBe('open')
    two.resolve('two')
    await Promise.all(deliveries)
    await clock.advance(0)
    expect(idle.state).toBe('done')
  })

  it('ends what does not end, with what is known of it, and sends nothing any more', async () => {
    const sends: string[] = []
    const sent = new Watched(
      courier.deliver(write, ticket => {
        ticket.sent = true
        return new Promise(() => {})
      }),
    )
    const queued = new Watched(courier.deliver(write, () => new Promise(() => {})))
    const resting = new Watched(
      courier.deliver(read, () => {
        sends.push('resting')
        return Promise.reject(outage())
      }),
    )
    await clock.advance(0)
    courier.close(closed)
    const late = new Watched(courier.deliver(read, async () => sends.push('late')))
    await clock.advance(limitMs * 2)
    expect(sent.error).toMatchObject({ code: 'JOBBOARD_OUTCOME_UNKNOWN' })
    expect([queued.error, resting.error, late.error]).toEqual([closed, closed, closed])
    expect(sends).toEqual(['resting'])
  })

  it('stops waiting for calls of the driver', async () => {
    const call = new Watched(courier.bounded(new Promise(() => {})))
    courier.close(closed)
    await clock.advance(0)
    expect(call.error).toBe(closed)
  })
})
