import type { Operation } from '@jobboard/conformance-tests'
import { describe, expect, it } from 'vitest'
import { operationsOf } from '../src/soak/operations.js'
import { type Accounts, problemsOf } from '../src/soak/verdict.js'
import type { Mark } from '../src/soak/work-log.js'
import type { Heard, WorkerProcess } from '../src/soak/worker-process.js'

type Worker = Pick<WorkerProcess, 'name' | 'startedAt' | 'heard' | 'stops'>

function heard(event: Heard['event'], id: string, token: number, at: number): Heard {
  return { event, at, job: { id, fencingToken: `${token}`, takeover: false } }
}

function mark(what: Mark['what'], jobId: string, token: number, at: number): Mark {
  return { what, jobId, token: `${token}`, pid: 1, from: at, until: at }
}

function post(jobId: string): Operation {
  return { client: 'producer', kind: 'post', start: 0, end: 1, outcome: 'ok', jobId, state: 'UNCLAIMED' }
}

/**
 * Job `a` is consumed by worker 1. Job `b` is claimed by worker 1, which is killed, and then consumed by worker 2. Job
 * `c` is consumed by worker 2, which is killed before it can say so.
 */
const workers: readonly Worker[] = [
  {
    name: 'worker 1',
    startedAt: 10,
    heard: [heard('claimed', 'a', 1, 20), heard('consumed', 'a', 1, 60), heard('claimed', 'b', 2, 70)],
    stops: [{ from: 80 }],
  },
  {
    name: 'worker 2',
    startedAt: 90,
    heard: [heard('claimed', 'b', 3, 2100), heard('consumed', 'b', 3, 2200), heard('claimed', 'c', 4, 2220)],
    stops: [{ from: 2300 }],
  },
]
const marks: readonly Mark[] = [
  mark('start', 'a', 1, 21),
  mark('end', 'a', 1, 50),
  mark('start', 'b', 2, 71),
  mark('start', 'b', 3, 2101),
  mark('end', 'b', 3, 2150),
  mark('start', 'c', 4, 2221),
  mark('end', 'c', 4, 2290),
]

function accounts(change: Partial<Accounts> = {}, of: readonly Worker[] = workers, log = marks): Accounts {
  const told = operationsOf(of as readonly WorkerProcess[], log, 'scope')
  return {
    operations: [post('a'), post('b'), post('c'), ...told],
    marks: log,
    final: { jobs: [] },
    postedAgain: new Map([
      ['a', 'COMPLETE'],
      ['b', 'COMPLETE'],
      ['c', 'COMPLETE'],
    ]),
    ...change,
  }
}

/** The same workers, the second of which tells something more. */
function andThen(...more: readonly Heard[]): readonly Worker[] {
  return workers.map((worker, i) => (i === 1 ? { ...worker, heard: [...worker.heard, ...more] } : worker))
}

describe('the verdict on a soak', () => {
  it('is content when every job was consumed once, also when the word of it was lost in a kill', () => {
    expect(problemsOf(accounts())).toEqual([])
  })

  it('finds a job that is left over', () => {
    const problems = problemsOf(accounts({ final: { jobs: [{ id: 'c', state: 'UNCLAIMED' }] } }))
    expect(problems).toEqual(['left over: c is UNCLAIMED'])
  })

  it('finds a job that is gone without a receipt', () => {
    const postedAgain = new Map([...accounts().postedAgain, ['c', 'UNCLAIMED'] as const])
    expect(problemsOf(accounts({ postedAgain }))).toEqual([
      'not consumed: c is UNCLAIMED when it is posted again',
    ])
  })

  it('finds a job that is gone though no worker was done with it', () => {
    const log = marks.filter(({ jobId, what }) => !(jobId === 'c' && what === 'end'))
    const problems = problemsOf(accounts({}, workers, log))
    expect(problems).toContain('consumed by nobody: c is gone, but no worker was done with it')
  })

  it('finds a job that was consumed twice', () => {
    const log = [...marks, mark('start', 'a', 5, 2231), mark('end', 'a', 5, 2240)]
    const problems = problemsOf(
      accounts({}, andThen(heard('claimed', 'a', 5, 2230), heard('consumed', 'a', 5, 2250)), log),
    )
    expect(problems).toContain('consumed 2 times: a, by worker 1 with token 1 and worker 2 with token 5')
    expect(problems.join()).toContain('SETTLE-1')
  })

  it('finds a token that two consumes used', () => {
    const log = [...marks, mark('start', 'c', 3, 2231), mark('end', 'c', 3, 2240)]
    const problems = problemsOf(
      accounts({}, andThen(heard('claimed', 'c', 3, 2230), heard('consumed', 'c', 3, 2250)), log),
    )
    expect(problems).toContain('token 3 consumed twice: by worker 2 with token 3 and worker 2 with token 3')
    expect(problems.join()).toContain('CLAIM-4')
  })

  it('finds a consume whose work was not done', () => {
    const log = marks.filter(({ jobId, what }) => !(jobId === 'b' && what === 'end'))
    const problems = problemsOf(accounts({}, workers, log))
    expect(problems).toEqual(['consumed before the work was done: b, by worker 2 with token 3'])
  })

  it('finds a command that ran twice for one claim', () => {
    const problems = problemsOf(accounts({}, workers, [...marks, mark('start', 'a', 1, 22)]))
    expect(problems).toEqual(['worked twice under one claim: a, token 1'])
  })

  it('finds two workers that had a job at the same time', () => {
    const early = [
      heard('claimed', 'b', 3, 75),
      heard('consumed', 'b', 3, 2200),
      heard('claimed', 'c', 4, 2220),
    ]
    const of = workers.map((worker, i) => (i === 1 ? { ...worker, startedAt: 15, heard: early } : worker))
    const log = marks.map(one =>
      one.what === 'start' && one.token === '3' ? mark('start', 'b', 3, 74) : one,
    )
    expect(problemsOf(accounts({}, of, log)).join()).toContain('CLAIM-1')
  })
})
