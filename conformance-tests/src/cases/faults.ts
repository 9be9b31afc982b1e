import assert from 'node:assert/strict'
import type { JobboardErrorCode } from '@jobboard/core'
import { DriverError, type DriverErrorKind } from '@jobboard/core/driver'
import type { ConformanceCase } from '../case.js'
import { intercept } from '../intercept.js'
import type { Client, ClientClaim } from '../world.js'
import { boardHere } from './bare.js'
import { arrival, begun, type Outcome, outcomeOf, refusal, upTo } from './support.js'

export const endsInTimeWhenHung: ConformanceCase = {
  id: 'faults/ends-in-time-when-hung',
  law: 'FAULT-1',
  title:
    'when the backend hangs every operation ends within its time limit, as unavailable or outcome unknown',
  needs: [],
  async run(world) {
    const requestTimeoutMs = Math.ceil(world.ttlMs / 2)
    const client = await world.client('client', { requestTimeoutMs })
    const claim = await client.claim((await client.post('job')).id)
    await client.fault({ member: 'any', kind: 'hang', times: 10_000 })
    for (const [what, outcome] of await endings(world.ttlMs, everyOperation(client, claim))) {
      const code = codeOf(outcome)
      // A write that was sent may still arrive: to call it unavailable would be a guess (FAULT-3).
      const honest = code === 'JOBBOARD_UNAVAILABLE' || code === 'JOBBOARD_OUTCOME_UNKNOWN'
      assert.ok(honest, `${what} ended as ${code ?? 'done'}`)
    }

    async function endings(limitMs: number, calls: Readonly<Record<string, Promise<unknown>>>) {
      const all = Object.entries(calls).map(async ([what, call]) => [what, await outcomeOf(call)] as const)
      return arrival(world, 'every operation ends', Promise.all(all), limitMs)
    }
  },
}

export const unavailableWhenDown: ConformanceCase = {
  id: 'faults/unavailable-when-down',
  law: 'FAULT-1',
  title: 'when the backend is down every operation ends within its time limit, as unavailable',
  needs: [],
  async run(world) {
    const client = await world.client('client', { requestTimeoutMs: Math.ceil(world.ttlMs / 2) })
    const claim = await client.claim((await client.post('job')).id)
    await client.fault({ member: 'any', kind: 'down' })
    const calls = Object.entries(everyOperation(client, claim)).map(
      async ([what, call]) => [what, await outcomeOf(call)] as const,
    )
    for (const [what, outcome] of await arrival(
      world,
      'every operation ends',
      Promise.all(calls),
      world.ttlMs,
    )) {
      assert.equal(codeOf(outcome), 'JOBBOARD_UNAVAILABLE', what)
    }
  },
}

export const manyWhileHung: ConformanceCase = {
  id: 'faults/many-while-hung',
  law: 'FAULT-1',
  title: 'a crowd of posts while the backend hangs ends in time as a whole, and the board works afterwards',
  needs: [],
  async run(world) {
    const client = await world.client('client', { requestTimeoutMs: Math.ceil(world.ttlMs / 2) })
    await client.fault({ member: 'post', kind: 'hang', times: 10_000 })
    const posts = Promise.all(upTo(1_000).map(i => outcomeOf(client.post(`job ${i}`))))
    const outcomes = await arrival(world, 'every post ends', posts, world.ttlMs)
    assert.ok(outcomes.every(outcome => outcome.error !== undefined))
    await client.liftFaults()
    await arrival(world, 'a later post is acknowledged', client.post('later'), world.ttlMs)
  },
}

export const worksAgain: ConformanceCase = {
  id: 'faults/works-again',
  law: 'FAULT-2',
  title: 'when the backend is back the same board works again, and holds the claims that outlived the gap',
  needs: [],
  async run(world) {
    const client = await world.client('client', { requestTimeoutMs: Math.ceil(world.ttlMs / 4) })
    const held = await client.claim((await client.post('held')).id)
    await client.fault({ member: 'any', kind: 'down' })
    const whileDown = outcomeOf(client.post('refused'))
    assert.notEqual((await arrival(world, 'the post ends', whileDown)).error, undefined)
    await client.liftFaults()

    await held.assertHeld()
    const { id } = await client.post('next')
    await (await client.claim(id)).consume()
    await held.consume()
    assert.deepEqual(await client.list({ ensureFresh: true }), [])
  },
}

export const workersGoOn: ConformanceCase = {
  id: 'faults/workers-go-on',
  law: 'FAULT-2',
  title: 'a worker that met an outage goes on by itself when the backend is back, and reports what it met',
  needs: [],
  async run(world) {
    const worker = await world.client('worker', { requestTimeoutMs: Math.ceil(world.ttlMs / 4) })
    const poster = await world.client('poster')
    await worker.fault({ member: 'any', kind: 'down' })
    const run = await worker.claims()
    const next = begun(run.next())
    await world.eventually('the worker reports the outage', async () =>
      (await worker.events()).some(({ event }) => event === 'error'),
    )
    const { id } = await poster.post('job')
    await worker.liftFaults()
    assert.equal((await arrival(world, 'the worker gets the job', next))?.jobId, id)
    await run.stop()
  },
}

export const kindsAreToldApart: ConformanceCase = {
  id: 'faults/kinds-are-told-apart',
  law: 'FAULT-6',
  title: 'limits, credentials, rights and old servers are told apart from an outage, and are not tried again',
  needs: [],
  async run(world) {
    for (const [kind, code] of Object.entries(codeOfKind)) {
      let calls = 0
      const refusing = intercept(world.driver(), {
        call: async call => {
          if (call.member !== 'post') return call.proceed()
          calls += 1
          throw new DriverError(kind as DriverErrorKind, 'by order of a test')
        },
      })
      await using here = await boardHere(world, {}, refusing)
      const error = await refusal(here.board.post('job'), code)
      assert.match(error.message, /by order of a test/, 'the message says what the backend said')
      assert.equal(calls, 1, `${kind}: it is not tried again`)
    }
  },
}

export const refusedAtConnect: ConformanceCase = {
  id: 'faults/refused-at-connect',
  law: 'FAULT-6',
  title: 'what is wrong with the backend is told when the board connects',
  needs: [],
  async run(world) {
    for (const [kind, code] of Object.entries(codeOfKind)) {
      const refusing = intercept(world.driver(), {
        open: () => Promise.reject(new DriverError(kind as DriverErrorKind, 'by order of a test')),
      })
      await refusal(boardHere(world, {}, refusing), code)
    }
  },
}

const codeOfKind: Readonly<Record<Exclude<DriverErrorKind, 'unavailable'>, JobboardErrorCode>> = {
  limit: 'JOBBOARD_LIMIT_EXCEEDED',
  unauthenticated: 'JOBBOARD_AUTHENTICATION_FAILED',
  forbidden: 'JOBBOARD_PERMISSION_DENIED',
  incompatible: 'JOBBOARD_INCOMPATIBLE_BACKEND',
}

function everyOperation(client: Client, claim: ClientClaim): Readonly<Record<string, Promise<unknown>>> {
  const jobId = 'a job that is not there'
  return {
    post: client.post('another'),
    list: client.list({ ensureFresh: true }),
    find: client.find(claim.jobId),
    count: client.count(),
    claim: client.claim(jobId),
    claimNext: client.claimNext(),
    consume: claim.consume(),
    forceRelease: client.forceRelease(jobId, { token: '1', reason: 'stuck' }),
    trashed: client.trashed(),
    restore: client.restore(jobId),
    purge: client.purge(jobId),
    entities: client.entities(),
    waitForEnd: client.waitForEnd(claim.jobId, { timeoutMs: 0 }),
  }
}

function codeOf(outcome: Outcome<unknown>): JobboardErrorCode | undefined {
  return outcome.error === undefined
    ? undefined
    : (outcome.error as unknown as { code: JobboardErrorCode }).code
}
