import { FakeClock } from '@jobboard/memory'
import { expect, it } from 'vitest'
import type { Clock } from '../src/clock.js'
import { type Bounded, Deadlines } from '../src/deadlines.js'

/** Counts the timers that are running. */
class Counting implements Clock {
  readonly time = new FakeClock()
  running = 0

  now(): number {
    return this.time.now()
  }

  monotonic(): number {
    return this.time.monotonic()
  }

  setTimeout(callback: () => void, delayMs: number): ReturnType<Clock['setTimeout']> {
    this.running += 1
    const end = (): void => {
      this.running -= ended ? 0 : 1
      ended = true
    }
    let ended = false
    const timer = this.time.setTimeout(() => {
      end()
      callback()
    }, delayMs)
    return {
      clear: () => {
        end()
        timer.clear()
      },
      unref: () => timer.unref(),
    }
  }
}

function setUp() {
  const clock = new Counting()
  const deadlines = new Deadlines<Bounded>(clock)
  const start = clock.monotonic()
  const expired: string[] = []
  const add = (name: string, afterMs: number, then?: () => void): Bounded => {
    const item: Bounded = {
      stale: false,
      until: clock.monotonic() + afterMs,
      expire: () => {
        expired.push(`${name} at ${clock.monotonic() - start}`)
        deadlines.delete(item)
        then?.()
      },
    }
    deadlines.add(item)
    return item
  }
  return { clock, deadlines, expired, add }
}

it('ends each at its own moment, whatever the order in which they came', async () => {
  const { clock, expired, add } = setUp()
  add('long', 300)
  add('short', 100)
  await clock.time.advance(50)
  add('late', 150)
  await clock.time.advance(1_000)
  expect(expired).toEqual(['short at 100', 'late at 200', 'long at 300'])
})

it('runs one timer, and none when nothing is left', async () => {
  const { clock, deadlines, expired, add } = setUp()
  const items = [add('a', 100), add('b', 50), add('c', 100)]
  expect(clock.running).toBe(1)
  for (const item of items) deadlines.delete(item)
  expect(clock.running).toBe(0)
  await clock.time.advance(1_000)
  expect(expired).toEqual([])
})

it('knows of what an expiry sets off', async () => {
  const { clock, expired, add } = setUp()
  add('first', 100, () => add('second', 30))
  add('other', 200)
  await clock.time.advance(1_000)
  expect(expired).toEqual(['first at 100', 'second at 130', 'other at 200'])
  expect(clock.running).toBe(0)
})

it('ends nothing twice that another expiry has ended', async () => {
  const { clock, deadlines, expired, add } = setUp()
  const victim: { item?: Bounded } = {}
  add('first', 100, () => victim.item && deadlines.delete(victim.item))
  victim.item = add('victim', 100)
  await clock.time.advance(1_000)
  expect(expired).toEqual(['first at 100'])
})
