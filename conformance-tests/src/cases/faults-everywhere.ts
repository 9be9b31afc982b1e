import assert from 'node:assert/strict'
import type { Claim, Job, Jobboard } from '@jobboard/core'
import type { ConformanceCase } from '../case.js'
import type { Law } from '../laws.js'
import { type Fault, type FaultKind, type Faults, lossy } from '../lossy-driver.js'
import type { World } from '../world.js'
import { boardHere } from './bare.js'
import { arrival, outcomeOf, refusal } from './support.js'

/** One kind of request: what is there before it, the request, and what its answer and the board must show. */
interface Stage {
  readonly world: World
  readonly board: Jobboard
  readonly faults: Faults
  readonly fault: FaultKind
  /** Of a job, so that requests side by side do not take each other's. */
  readonly name: string
  /** Another board on the same backend, without faults. */
  readonly other: Jobboard
}

/** Looks whether the request took place once: when it was answered, and again when late requests have arrived. */
type Check = () => Promise<void>

interface Request {
  readonly member: Fault['member']
  /** Answers with what sends the request. */
  prepare(stage: Stage): Promise<() => Promise<Check>>
}

const requests: Readonly<Record<string, Request>> = {
  post: {
    member: 'post',
    prepare: async stage => async () => {
      assert.equal((await stage.board.post(stage.name)).state, 'UNCLAIMED')
      return async () => assert.equal((await jobsOf(stage)).length, 1)
    },
  },
  startSession: {
    member: 'startSession',
    prepare: async stage => {
      const job = await stage.other.post(stage.name)
      return async () => claimedOnce(stage, await stage.board.claim(job))
    },
  },
  claim: {
    member: 'claim',
    prepare: async stage => {
      await withSession(stage)
      const job = await stage.other.post(stage.name)
      return async () => claimedOnce(stage, await stage.board.claim(job))
    },
  },
  claimNext: {
    member: ['claim', 'claimNext'],
    prepare: async stage => {
      await withSession(stage)
      for (const _ of [1, 2]) await stage.other.post(stage.name)
      return async () => {
        const claim = await stage.board.claimNext({ names: stage.name })
        return claimedOnce(stage, claim ?? assert.fail('there is a job'))
      }
    },
  },
  renew: {
    member: 'renew',
    prepare: async stage => {
      const { world, faults } = stage
      const claim = await claimed(stage)
      return async () => {
        await world.eventually('a renewal is struck', async () => faults.left === 0)
        await world.never('the claim is lost', async () => claim.state !== 'held', {
          duringMs: world.ttlMs * 3,
        })
        return claimedOnce(stage, claim)
      }
    },
  },
  consume: ending('consume', claim => claim.consume(), [undefined, 'COMPLETE', 0]),
  abandon: ending('abandon', claim => claim.abandon({ failure: true }), ['UNCLAIMED', false, 1]),
  trash: ending('trash', claim => claim.trash({ reason: 'no use' }), ['TRASHED', 'TRASHED', 0]),
  force: {
    member: 'force',
    prepare: async stage => {
      const job = await stage.other.post(stage.name)
      const { fencingToken: token } = await stage.other.claim(job)
      return async () => {
        await stage.board.forceRelease(job, { token, reason: 'stuck' })
        return async () => {
          const found = await stage.other.find(job)
          assert.deepEqual([found?.state, found?.losses], ['UNCLAIMED', 1])
        }
      }
    },
  },
  restore: {
    member: 'restore',
    prepare: async stage => {
      const job = await trashed(stage)
      return async () => {
        await moved(stage, stage.board.restore(job))
        return async () => assert.equal((await stage.other.find(job))?.state, 'UNCLAIMED')
      }
    },
  },
  purge: {
    member: 'purge',
    prepare: async stage => {
      const job = await trashed(stage)
      return async () => {
        await moved(stage, stage.board.purge(job))
        return async () => assert.equal(await stage.other.find(job), undefined)
      }
    },
  },
  announce: {
    member: 'announce',
    prepare: async stage => {
      await withSession(stage)
      return async () => {
        await stage.board.registerEntity({ kind: 'conductor', name: stage.name })
        return async () => {
          const listed = (await stage.other.entities()).filter(
            ({ kind, name }) => kind === 'conductor' && name === stage.name,
          )
          assert.deepEqual(listed, [{ kind: 'conductor', name: stage.name, metadata: {} }])
        }
      }
    },
  },
  endSession: {
    member: 'endSession',
    prepare: async stage => {
      const { job } = await claimed(stage)
      return async () => {
        // It may be told once only, while the board closes; what does not arrive runs out at the backend.
        await outcomeOf(stage.board.close())
        const claim = await stage.world.eventually('the job is claimable', () => stage.other.claim(job))
        return async () => assert.equal((await stage.other.find(job))?.fencingToken, claim.fencingToken)
      }
    },
  },
}

/** Everything that can happen to one request. */
const faultKinds: Readonly<Record<string, FaultKind>> = {
  'a lost reply': { kind: 'lostReply' },
  'a lost request': { kind: 'lostRequest' },
  'a late request': { kind: 'lateArrival' },
  'a doubled request': { kind: 'doubled' },
  'a request that breaks off': { kind: 'half' },
  'a request that hangs': { kind: 'hang' },
  'a request that is done and hangs': { kind: 'hang', done: true },
  'a request that hangs and comes late': { kind: 'hang', done: 'later' },
}

/** The request meets every kind of fault once, each time by a board of its own. */
function whatever(what: keyof typeof requests, law: Law): ConformanceCase {
  return {
    id: `faults/every-fault-of-${what.replaceAll(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`,
    law,
    title: `${what}: lost, late, doubled, broken off or hung, once, it is answered and takes place once`,
    needs: [],
    async run(world) {
      await using other = await boardHere(world)
      const request = requests[what] ?? assert.fail()
      const all = Object.entries(faultKinds).map(([name, fault]) =>
        meet(world, other.board, name, request, fault),
      )
      await arrival(world, 'every request is answered', Promise.all(all), 6 * world.takeoverMs)
    },
  }
}

async function meet(
  world: World,
  other: Jobboard,
  name: string,
  request: Request,
  fault: FaultKind,
): Promise<void> {
  const driver = lossy(world.driver())
  const { faults } = driver
  // Long enough for a request that hangs to be sent again in time, also by a busy machine. A renewal that hangs leaves the next
  // one a fifth of the time to live.
  const sessionTtlMs = world.ttlMs * (request.member === 'renew' ? 3 : 2)
  const times = { requestTimeoutMs: Math.max(2_000, world.ttlMs), sessionTtlMs }
  await using here = await boardHere(world, times, driver)
  const stage = { world, board: here.board, faults, fault, name, other }
  try {
    const send = await request.prepare(stage)
    faults.add({ member: request.member, ...fault })
    const check = await send()
    assert.equal(faults.left, 0, 'the fault struck')
    await check()
    await faults.releaseLate()
    await check()
  } catch (cause) {
    throw new Error(`${name}: ${cause instanceof Error ? cause.message : cause}`, { cause })
  }
}

function ending(
  member: 'consume' | 'abandon' | 'trash',
  end: (claim: Claim) => Promise<void>,
  [state, outcome, failures]: readonly [string | undefined, string | false, number],
): Request {
  return {
    member,
    prepare: async stage => {
      const claim = await claimed(stage)
      return async () => {
        await end(claim)
        assert.equal(claim.state, 'settled')
        return async () => {
          const found = await stage.other.find(claim.job)
          assert.deepEqual([found?.state, found?.failures ?? 0], [state, failures])
          assert.equal(await claim.job.wait({ timeoutMs: 0 }), outcome)
        }
      }
    },
  }
}

async function withSession(stage: Stage): Promise<void> {
  await stage.board.registerEntity({ kind: 'session', name: stage.name })
}

async function claimed(stage: Stage): Promise<Claim> {
  return stage.board.claim(await stage.other.post(stage.name))
}

async function trashed(stage: Stage): Promise<Job> {
  const job = await stage.other.post(stage.name)
  await (await stage.other.claim(job)).trash({ reason: 'no use' })
  return job
}

/**
 * The trash keeps no receipt of a restore or purge: the second of two sends is told that the stay is over, and core, which
 * sent one, must take it for somebody else's order.
 */
async function moved({ fault }: Stage, order: Promise<unknown>): Promise<void> {
  if (fault.kind === 'doubled') await refusal(order, 'JOBBOARD_JOB_NOT_FOUND').catch(() => order)
  else await order
}

/** The claim is the current one, the only one on a job of its name, and the first of its job. */
function claimedOnce(stage: Stage, claim: Claim): Check {
  return async () => {
    const held = (await jobsOf(stage)).filter(({ state }) => state === 'CLAIMED')
    assert.deepEqual(
      held.map(({ id, fencingToken, attempts }) => [id, fencingToken, attempts]),
      [[claim.job.id, claim.fencingToken, 1]],
    )
    claim.assertHeld()
  }
}

async function jobsOf({ other, name }: Stage): Promise<readonly Job[]> {
  const jobs: Job[] = []
  for await (const job of other.iterJobs({ ensureFresh: true, names: name })) jobs.push(job)
  return jobs
}

export const faultsOfPost: ConformanceCase = whatever('post', 'POST-3')
export const faultsOfStartSession: ConformanceCase = whatever('startSession', 'CLAIM-11')
export const faultsOfClaim: ConformanceCase = whatever('claim', 'CLAIM-11')
export const faultsOfClaimNext: ConformanceCase = whatever('claimNext', 'CLAIM-11')
export const faultsOfRenew: ConformanceCase = whatever('renew', 'CLAIM-10')
export const faultsOfConsume: ConformanceCase = whatever('consume', 'SETTLE-3')
export const faultsOfAbandon: ConformanceCase = whatever('abandon', 'SETTLE-3')
export const faultsOfTrash: ConformanceCase = whatever('trash', 'SETTLE-3')
export const faultsOfForce: ConformanceCase = whatever('force', 'CLAIM-13')
export const faultsOfRestore: ConformanceCase = whatever('restore', 'FAULT-3')
export const faultsOfPurge: ConformanceCase = whatever('purge', 'FAULT-3')
export const faultsOfAnnounce: ConformanceCase = whatever('announce', 'ENTITY-1')
export const faultsOfEndSession: ConformanceCase = whatever('endSession', 'CLAIM-12')
