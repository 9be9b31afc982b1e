import { Jobboard, type JobboardEventName, type JobEvent } from '@jobboard/core'
import type { DriverSink, JobChange } from '@jobboard/core/driver'
import { FakeClock, MemoryBackend, memory } from '@jobboard/memory'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Tampering, tampered } from './support.js'

let clock: FakeClock
let board: Jobboard
let sink: DriverSink

beforeEach(async () => {
  clock = new FakeClock()
  const tampering: Tampering = {
    open: (proceed, its) => {
      sink = its
      return proceed()
    },
  }
  board = await new Jobboard(tampered(memory({ backend: new MemoryBackend(clock) }), tampering), {
    clock,
  }).connect()
})

afterEach(() => board.close())

function recorded(...events: JobboardEventName[]): unknown[] {
  const seen: unknown[] = []
  for (const event of events) board.on(event, payload => seen.push([event, payload]))
  return seen
}

const ofJobs = ['posted', 'claimed', 'released', 'removed'] as const

describe('events', () => {
  it('tell where a job stands, why, and whose claim it was', async () => {
    const seen = recorded(...ofJobs)
    const job = await board.post('job')
    await (await board.claim(job, 'a')).abandon()
    await (await board.claim(job, 'b')).trash({ reason: 'no use' })
    await board.restore(job)
    await (await board.claim(job, 'c')).consume()
    await clock.advance(0)
    const event = (more: Partial<JobEvent> = {}) => ({ jobId: job.id, at: new Date(clock.now()), ...more })
    expect(seen).toEqual([
      ['posted', event()],
      ['claimed', event({ owner: 'a' })],
      ['released', event({ owner: 'a', why: 'abandoned' })],
      ['claimed', event({ owner: 'b' })],
      ['removed', event({ owner: 'b', why: 'trashed' })],
      ['posted', event({ why: 'restored' })],
      ['claimed', event({ owner: 'c' })],
      ['removed', event({ owner: 'c', why: 'consumed' })],
    ])
  })

  it('say `unknown` where a claim ended and the record does not show why', () => {
    const seen = recorded(...ofJobs)
    for (const change of ofJobs) sink.changed([{ jobId: 'j', change } satisfies JobChange])
    expect(seen).toEqual(
      ofJobs.map(change => [
        change,
        {
          jobId: 'j',
          at: new Date(clock.now()),
          ...(change === 'released' || change === 'removed' ? { why: 'unknown' } : {}),
        },
      ]),
    )
  })

  it('tell of gaps, of entries that do not parse, and of trouble in the driver', () => {
    const seen = recorded('resynced', 'malformed', 'error')
    const error = new Error('a watch broke')
    sink.gap()
    sink.malformed({ where: '/jobs/7', problem: 'no JSON' })
    sink.trouble(error)
    expect(seen).toEqual([
      ['resynced', { at: new Date(clock.now()) }],
      ['malformed', { where: '/jobs/7', problem: 'no JSON' }],
      ['error', { error, during: 'in the background' }],
    ])
  })
})

describe('a listener', () => {
  const posted: JobChange[] = [{ jobId: 'j', change: 'posted' }]

  it('is called until it is removed, in either way, and once though it was added twice', () => {
    const calls: string[] = []
    const [one, two] = [() => calls.push('one'), () => calls.push('two')]
    const removeOne = board.on('posted', one)
    board.on('posted', two)
    board.on('posted', two)
    sink.changed(posted)
    removeOne()
    board.off('posted', two)
    sink.changed(posted)
    expect(calls).toEqual(['one', 'two'])
  })

  it('may remove itself and add others while it is called', () => {
    const calls: string[] = []
    const remove = board.on('posted', () => {
      calls.push('first')
      remove()
      board.on('posted', () => calls.push('added'))
    })
    board.on('posted', () => calls.push('second'))
    sink.changed(posted)
    expect(calls).toEqual(['first', 'second'])
    sink.changed(posted)
    expect(calls).toEqual(['first', 'second', 'second', 'added'])
  })

  it('that throws, at once or later, harms nobody else, and its error is told', async () => {
    const seen = recorded('error')
    const calls: string[] = []
    board.on('posted', () => {
      throw new Error('at once')
    })
    board.on('posted', async () => {
      throw 'later, and no error'
    })
    board.on('posted', () => calls.push('other'))
    sink.changed(posted)
    await clock.advance(0)
    expect(calls).toEqual(['other'])
    const during = 'in a listener of posted events'
    expect(seen).toEqual([
      ['error', { error: new Error('at once'), during }],
      ['error', { error: new Error('later, and no error'), during }],
    ])
  })

  it('of errors that throws is not called again for its own error', async () => {
    let calls = 0
    board.on('error', () => {
      calls += 1
      throw new Error('also here')
    })
    sink.trouble(new Error('a watch broke'))
    await clock.advance(0)
    expect(calls).toBe(1)
  })

  it('of errors need not be there', () => {
    expect(() => sink.trouble(new Error('a watch broke'))).not.toThrow()
  })
})
