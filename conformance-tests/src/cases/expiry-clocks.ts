import assert from 'node:assert/strict'
import { type Clock, DriverError, type JobboardDriver } from '@jobboard/core/driver'
import type { ConformanceCase } from '../case.js'
import { Gate, stoppable } from '../gate.js'
import { type DriverCall, intercept } from '../intercept.js'
import type { World } from '../world.js'
import { boardHere } from './bare.js'

export const countedFromTheSend: ConformanceCase = {
  id: 'expiry/counted-from-the-send',
  law: 'CLAIM-8',
  title: 'a renewal that is answered late proves the session from when it was sent, less the margin',
  needs: [],
  async run(world) {
    const clock = world.clock()
    const sends: number[] = []
    const slowly = intercept(world.driver(), {
      call: async call => {
        if (call.member !== 'renew') return call.proceed()
        sends.push(clock.now())
        const answer = await call.proceed()
        await pause(clock, world.ttlMs / 5)
        return answer
      },
    })
    await using here = await boardHere(world, { clock }, slowly)
    const claim = await here.board.claim(await here.board.post('job'))
    const first = claim.deadline.getTime()
    await world.never(
      'the deadline lies behind what the last send proves',
      async () => sends.length > 0 && claim.deadline.getTime() > latestDeadline(world, sends.at(-1) ?? 0),
      { duringMs: world.ttlMs * 1.2 },
    )
    assert.ok(claim.deadline.getTime() > first, 'it moves all the same')
    claim.assertHeld()
  },
}

export const looksAtTheClock: ConformanceCase = {
  id: 'expiry/looks-at-the-clock',
  law: 'CLAIM-8',
  title: 'an owner whose timers did not fire learns of the loss when it asks, before it hears of anything',
  needs: [],
  async run(world) {
    const other = await world.client('other')
    const clock = stoppable(world.clock())
    const gate = new Gate()
    await using here = await boardHere(world, { clock }, gate.guard(world.driver()))
    const job = await here.board.post('job')
    const [claim, unasked] = [
      await here.board.claim(job),
      await here.board.claim(await here.board.post('too')),
    ]
    clock.freeze()
    gate.shut()
    await world.eventually('the claim runs out', () => other.claim(job.id))
    assert.throws(() => claim.assertHeld(), { code: 'JOBBOARD_CLAIM_LOST', reason: 'expired' })
    assert.equal(claim.signal.aborted, true)
    assert.equal(unasked.state, 'lost', 'and so of its other claims')
    clock.thaw()
    gate.open()
  },
}

export const givenUpEndsAtOnce: ConformanceCase = {
  id: 'expiry/given-up-ends-at-once',
  law: 'CLAIM-14',
  title: 'a session that its owner gave up ends at the backend, long before it would run out there',
  needs: [],
  async run(world) {
    const other = await world.client('other')
    const [driver, cut] = [world.driver(), { off: false }]
    // The backend would keep the session for ten times as long as its owner believes.
    const longer = intercept(driver, {
      call: async <T>({ member, args, proceed }: DriverCall<T>) => {
        if (cut.off) throw new DriverError('unavailable', 'cut off, by order of a test', { done: 'no' })
        return member === 'startSession' ? ((await startLonger(driver, args, world)) as T) : proceed()
      },
    })
    await using here = await boardHere(world, {}, longer)
    const claim = await here.board.claim(await here.board.post('job'))
    cut.off = true
    await world.eventually('the owner gives up', async () => claim.state === 'lost', {
      withinMs: world.ttlMs,
    })
    cut.off = false
    const next = await world.eventually('the job is claimable', () => other.claim(claim.job.id), {
      withinMs: world.takeoverMs,
    })
    assert.equal(next.job.losses, 1, 'it counts as lost')
  },
}

async function startLonger(driver: JobboardDriver, [request]: readonly unknown[], world: World) {
  const { id } = request as Parameters<JobboardDriver['startSession']>[0]
  const grant = await driver.startSession({ id, ttlMs: world.ttlMs * 10 })
  return { ...grant, ttlMs: world.ttlMs }
}

/** By its own clocks an owner believes no longer, with the drift of clocks and the margin taken off. */
function latestDeadline({ ttlMs }: World, sentAt: number): number {
  const [drift, margin] = [ttlMs * 0.01, Math.max(ttlMs / 10, 500)]
  // A deadline is told in whole milliseconds.
  return sentAt + ttlMs - drift - margin + 1
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise(resolve => clock.setTimeout(resolve, ms))
}
