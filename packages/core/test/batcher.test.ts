import { setImmediate } from 'node:timers/promises'
import { FakeClock } from '@jobboard/memory'
import { beforeEach, describe, expect, it } from 'vitest'
import { Batcher, type BatchLimits } from '../src/batcher.js'
import { Courier } from '../src/courier.js'
import type { Ticket } from '../src/delivery.js'
import { DriverError } from '../src/driver/driver-error.js'
import { Deferred, Watched } from './support.js'

/** What callers have in flight, joined into calls of the driver (POST-4, FAULT-1). */

let clock: FakeClock
let courier: Courier
let calls: { entries: readonly number[]; answer: Deferred<readonly string[]> }[]

beforeEach(() => {
  clock = new FakeClock()
  courier = new Courier(clock, 1_000)
  calls = []
})

function batcher(limits: Partial<BatchLimits> = {}): Batcher<number, string> {
  const call = (entries: readonly number[]): Promise<readonly string[]> => {
    const answer = new Deferred<readonly string[]>()
    calls.push({ entries, answer })
    return answer.promise
  }
  return new Batcher(call, courier, { maxEntries: 4, maxCalls: 2, ...limits })
}

const ticket = (): Ticket => ({ sends: 1, doubtful: false, sent: false, over: false })
const answerAll = (): void => {
  for (const { entries, answer } of calls) answer.resolve(entries.map(entry => `answer ${entry}`))
}
/** Lets turns of the event loop pass: everything that needs no time has happened then. */
const turns = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await setImmediate()
}
const entriesOf = (): (readonly number[])[] => calls.map(({ entries }) => entries)

describe('entries', () => {
  it('of one turn go out together, and each gets its own answer', async () => {
    const batch = batcher()
    const answers = [1, 2, 3].map(entry => batch.submit(entry, ticket()))
    await turns()
    expect(entriesOf()).toEqual([[1, 2, 3]])
    answerAll()
    expect(await Promise.all(answers)).toEqual(['answer 1', 'answer 2', 'answer 3'])
  })

  it('go out in calls of so many at most, so many at a time, in the order in which they came', async () => {
    const batch = batcher()
    const answers = Array.from({ length: 11 }, (_, entry) => batch.submit(entry, ticket()))
    await turns()
    expect(entriesOf()).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
    ])
    const late = batch.submit(11, ticket())
    calls[1]?.answer.resolve(['4', '5', '6', '7'])
    await turns()
    // The next call takes all that came meanwhile.
    expect(entriesOf().slice(2)).toEqual([[8, 9, 10, 11]])
    answerAll()
    expect((await Promise.all([...answers, late])).slice(3, 6)).toEqual(['answer 3', '4', '5'])
  })

  it('are marked as sent when they leave, and not before', async () => {
    const batch = batcher({ maxEntries: 1, maxCalls: 1 })
    const [one, two] = [ticket(), ticket()]
    void batch.submit(1, one)
    void batch.submit(2, two)
    await turns()
    expect([one.sent, two.sent]).toEqual([true, false])
  })

  it('whose time is over while they wait are not sent', async () => {
    const batch = batcher({ maxCalls: 1 })
    void batch.submit(1, ticket())
    await turns()
    const [gone, here] = [{ ...ticket(), over: false }, ticket()]
    void batch.submit(2, gone)
    void batch.submit(3, here)
    gone.over = true
    answerAll()
    await turns()
    expect(entriesOf()).toEqual([[1], [3]])
    expect(gone.sent).toBe(false)
  })

  it('wait behind nothing when all before them have gone', async () => {
    const batch = batcher({ maxCalls: 1, maxEntries: 1 })
    const gone = Array.from({ length: 5 }, () => ({ ...ticket(), over: true }))
    for (const [i, one] of gone.entries()) void batch.submit(i, one)
    void batch.submit(9, ticket())
    await turns()
    expect(entriesOf()).toEqual([[9]])
  })
})

describe('a call', () => {
  it('that fails is told to each of its entries, and to no other', async () => {
    const batch = batcher({ maxEntries: 2 })
    const answers = [1, 2, 3].map(entry => new Watched(batch.submit(entry, ticket())))
    await turns()
    const error = new DriverError('unavailable', 'down')
    calls[0]?.answer.reject(error)
    calls[1]?.answer.resolve(['three'])
    await turns()
    expect(answers.map(({ error, value }) => error ?? value)).toEqual([error, error, 'three'])
  })

  it('that is refused because of one entry refuses that one alone', async () => {
    const batch = batcher()
    const answers = [1, 2, 3].map(entry => new Watched(batch.submit(entry, ticket())))
    await turns()
    calls[0]?.answer.reject(new DriverError('limit', 'too large'))
    await turns()
    expect(entriesOf()).toEqual([[1, 2, 3], [1], [2], [3]])
    answerAll()
    await turns()
    expect(answers.map(({ state }) => state)).toEqual(['done', 'done', 'done'])
  })

  it('that hangs is given up, and makes room for the next', async () => {
    const batch = batcher({ maxCalls: 1 })
    const hung = new Watched(batch.submit(1, ticket()))
    await turns()
    const next = new Watched(batch.submit(2, ticket()))
    await clock.advance(courier.sendLimitMs)
    await turns()
    expect(hung.error).toMatchObject({ kind: 'unavailable', done: 'maybe' })
    expect(entriesOf()).toEqual([[1], [2]])
    answerAll()
    await turns()
    expect(next.value).toBe('answer 2')
  })

  it.each([[[]], [['a', 'b', 'c']], [undefined]])(
    'whose answers are not one for each entry is a defect (case %#)',
    async answers => {
      const batch = batcher()
      const both = [1, 2].map(entry => new Watched(batch.submit(entry, ticket())))
      await turns()
      calls[0]?.answer.resolve(answers as readonly string[])
      await turns()
      for (const { state } of both) expect(state).toBe('failed')
    },
  )

  it('that throws instead of rejecting fails its entries alone', async () => {
    const batch = new Batcher<number, string>(
      () => {
        throw new TypeError('thrown')
      },
      courier,
      { maxEntries: 4, maxCalls: 1 },
    )
    await expect(batch.submit(1, ticket())).rejects.toThrow('thrown')
    await expect(batch.submit(2, ticket())).rejects.toThrow('thrown')
  })
})

it('more entries than anybody awaits are refused, and room is made as they go', async () => {
  const batch = batcher({ maxEntries: 50_000, maxCalls: 1 })
  const gone = { ...ticket(), over: true }
  const answers: Watched<string>[] = []
  for (let i = 0; i < 100_000; i++) void batch.submit(i, gone)
  answers.push(new Watched(batch.submit(1, ticket())))
  await turns()
  expect(answers[0]?.error).toMatchObject({ code: 'JOBBOARD_OVERLOADED', retryable: true })
  answers.push(new Watched(batch.submit(2, ticket())))
  await turns()
  answerAll()
  await turns()
  expect(answers[1]?.value).toBe('answer 2')
})
