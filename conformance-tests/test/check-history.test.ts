import { describe, expect, test } from 'vitest'
import { checkHistory, type FinalJob, type HistoryProblem } from '../src/check-history.js'
import { formatHistory, History, type Operation, parseHistory } from '../src/history.js'

let time = 0

/** An operation after everything before it, unless it says when it was. */
function did(client: string, kind: Operation['kind'], more: Partial<Operation> = {}): Operation {
  const start = ++time
  return { client, kind, start, end: ++time, outcome: 'ok', jobId: 'job', ...more }
}

function post(more: Partial<Operation> = {}): Operation {
  return did('poster', 'post', { state: 'UNCLAIMED', ...more })
}

function claim(client: string, token: number, more: Partial<Operation> = {}): Operation {
  return did(client, 'claim', { claimId: `claim of ${client}`, token: `${token}`, scope: 'scope', ...more })
}

function ending(
  client: string,
  kind: 'consume' | 'abandon' | 'trash',
  more: Partial<Operation> = {},
): Operation {
  return did(client, kind, { claimId: `claim of ${client}`, ...more })
}

function toldLost(client: string): Operation {
  return did(client, 'lost', { claimId: `claim of ${client}` })
}

const unknown = { outcome: 'unknown' } as const
const unclaimed: FinalJob = { id: 'job', state: 'UNCLAIMED' }
const trashed: FinalJob = { id: 'job', state: 'TRASHED' }

function claimedBy(owner: string, token: number): FinalJob {
  return { id: 'job', state: 'CLAIMED', owner, token: `${token}` }
}

function lawsBroken(operations: readonly Operation[], ...jobs: FinalJob[]): string[] {
  return lawsOf(checkHistory(operations, { jobs }))
}

function lawsOfClosed(operations: readonly Operation[], ...jobs: FinalJob[]): string[] {
  return lawsOf(checkHistory(operations, { jobs, closed: true }))
}

function lawsOf(problems: readonly HistoryProblem[]): string[] {
  return problems.map(({ law }) => law)
}

const timing = { sessionTtlMs: 2_000, takeoverMs: 2_500 }

describe('what can have happened is no problem', () => {
  test('nothing at all, and jobs that others put on the board', () => {
    expect(lawsBroken([])).toEqual([])
    expect(lawsBroken([], unclaimed)).toEqual([])
    expect(lawsBroken([claim('a', 1), ending('a', 'consume')])).toEqual([])
  })

  test('a job that is posted, claimed and consumed', () => {
    expect(lawsBroken([post(), claim('a', 1), ending('a', 'consume')])).toEqual([])
  })

  test('a job that is passed on after an abandon, a loss, a force, a close, a stop', () => {
    const between: readonly Operation[][] = [
      [ending('a', 'abandon')],
      [toldLost('a')],
      [did('operator', 'forceRelease')],
      [did('a', 'close')],
      [did('a', 'stopped', { jobId: undefined } as object)],
    ]
    for (const release of between) {
      time = 0
      const history = [post(), claim('a', 1), ...release.map(op => ({ ...op, start: 5, end: 6 }))]
      time = 10
      expect(lawsBroken([...history, claim('b', 2), ending('b', 'consume')])).toEqual([])
    }
  })

  test('an ending that was tried before the next claim and acknowledged after it', () => {
    const tried = [post(), claim('a', 1), ending('a', 'abandon', unknown)]
    expect(lawsBroken([...tried, claim('b', 2), ending('a', 'abandon')], claimedBy('b', 2))).toEqual([])
  })

  test('an unknown outcome explains either standing', () => {
    const history = [post(), claim('a', 1), ending('a', 'consume', unknown), toldLost('a')]
    expect(lawsBroken(history)).toEqual([])
    expect(lawsBroken(history, unclaimed)).toEqual([])
  })

  test('an unknown post explains that a job is there or not', () => {
    expect(lawsBroken([post(unknown)])).toEqual([])
    expect(lawsBroken([post(unknown)], unclaimed)).toEqual([])
  })

  test('a job that is trashed, restored, trashed and purged', () => {
    const start = [post(), claim('a', 1), ending('a', 'trash')]
    expect(lawsBroken(start, trashed)).toEqual([])
    const restored = [...start, did('operator', 'restore')]
    expect(lawsBroken(restored, unclaimed)).toEqual([])
    const again = [claim('b', 2), ending('b', 'trash'), did('operator', 'purge')]
    expect(lawsBroken([...restored, ...again])).toEqual([])
  })

  test('a job id that is posted again after its job was consumed', () => {
    const once = [post(), claim('a', 1), ending('a', 'consume')]
    const twice = [post(), claim('b', 2), ending('b', 'consume')]
    expect(lawsBroken([...once, ...twice])).toEqual([])
  })

  test('an ending that is sent again, and one that only the second send brought home', () => {
    const start = [post(), claim('a', 1)]
    expect(lawsBroken([...start, ending('a', 'consume'), ending('a', 'consume')])).toEqual([])
    const late = [ending('a', 'consume', unknown), toldLost('a'), ending('a', 'consume')]
    expect(lawsBroken([...start, ...late])).toEqual([])
  })

  test('a post that put its job on the board and was answered when it had gone on', () => {
    const slow = post({ state: 'COMPLETE', start: 1, end: 100 })
    time = 10
    expect(lawsBroken([slow, claim('a', 1), ending('a', 'consume')])).toEqual([])
  })

  test('two operators who force the same claim, while the next one is there', () => {
    const force = () => did('operator', 'forceRelease', { token: '1' })
    const history = [post(), claim('a', 1), force(), claim('b', 2), force()]
    expect(lawsBroken(history, claimedBy('b', 2))).toEqual([])
  })

  test('claims, endings and forced releases that all overlap', () => {
    const at = { start: 2, end: 50 }
    const all = ['a', 'b', 'c', 'd', 'e', 'f'].flatMap((client, i) => [
      claim(client, i + 1, at),
      ending(client, 'abandon', at),
    ])
    expect(lawsBroken([post({ start: 0, end: 1 }), ...all], unclaimed)).toEqual([])
  })

  test('a claim on the job of a post that was never answered, not even with its id', () => {
    const nameless = did('poster', 'post', { ...unknown, jobId: undefined } as object)
    expect(lawsOfClosed([nameless, claim('a', 1)], claimedBy('a', 1))).toEqual([])
  })

  test('claims that the dead leave behind', () => {
    const stopped = did('a', 'stopped')
    const { end: _, ...forEver } = stopped
    expect(lawsBroken([post(), claim('a', 1), forEver], claimedBy('a', 1))).toEqual([])
    const unanswered = claim('b', 2, unknown)
    expect(
      lawsBroken([post(), unanswered, { ...forEver, client: 'b', start: ++time }], claimedBy('b', 2)),
    ).toEqual([])
  })

  test('claims side by side whose tokens come in any order', () => {
    const [one, other] = [
      claim('a', 2, { start: 1, end: 9 }),
      claim('b', 1, { start: 2, end: 8, jobId: 'other' }),
    ]
    expect(checkHistory([one, other])).toEqual([])
  })
})

describe('what cannot have happened is found', () => {
  test('two owners of one token', () => {
    const other = claim('b', 1, { jobId: 'other' })
    expect(checkHistory([claim('a', 1), other]).map(({ law }) => law)).toEqual(['CLAIM-4'])
  })

  test('a token that is lower than one before', () => {
    expect(checkHistory([claim('a', 2), claim('b', 1, { jobId: 'other' })]).map(({ law }) => law)).toEqual([
      'CLAIM-4',
    ])
  })

  test('tokens of different scopes are not compared', () => {
    expect(checkHistory([claim('a', 2), claim('b', 1, { jobId: 'other', scope: 'new' })])).toEqual([])
  })

  test('a claim while another one stands', () => {
    expect(
      lawsBroken([post(), claim('a', 1), claim('b', 2), ending('b', 'abandon')], claimedBy('a', 1)),
    ).toContain('CLAIM-1')
  })

  test('two claims that are answered at the same time and both kept', () => {
    const [a, b] = [claim('a', 1, { start: 1, end: 5 }), claim('b', 2, { start: 2, end: 6 })]
    time = 10
    const history = [a, b, ending('a', 'abandon'), ending('b', 'consume')]
    expect(lawsBroken([post({ start: 0, end: 0.5 }), ...history])).toContain('CLAIM-1')
  })

  test('an owner who is told too late', () => {
    expect(lawsBroken([post(), claim('a', 1), claim('b', 2), toldLost('a')], claimedBy('b', 2))).toEqual([
      'CLAIM-1',
    ])
  })

  test('a job that is consumed, and then given away again', () => {
    const first = [post(), claim('a', 1), ending('a', 'consume')]
    expect(lawsBroken([...first, claim('b', 2), ending('b', 'consume')])).toEqual(['SETTLE-1'])
    expect(lawsBroken([...first, claim('b', 2)], claimedBy('b', 2))).toEqual(['CLAIM-3'])
  })

  test('a job that is consumed by two owners', () => {
    const both = [post(), claim('a', 1), toldLost('a'), claim('b', 2), ending('b', 'consume')]
    expect(lawsBroken([...both, ending('a', 'consume')])).toEqual(['SETTLE-1'])
  })

  test('one claim that ends its job in two ways', () => {
    const history = [post(), claim('a', 1), ending('a', 'trash'), ending('a', 'consume')]
    expect(lawsBroken(history, trashed)).toEqual(['SETTLE-1'])
    expect(lawsBroken(history)).toEqual(['SETTLE-1'])
  })

  test('a claim before its job was posted, or on one that was never posted', () => {
    expect(lawsBroken([claim('a', 1), post()], claimedBy('a', 1))).toEqual(['CLAIM-3'])
    expect(lawsOfClosed([claim('a', 1)], claimedBy('a', 1))).toEqual(['CLAIM-3'])
  })

  test('a claim on a trashed and on a purged job', () => {
    const start = [post(), claim('a', 1), ending('a', 'trash')]
    expect(lawsBroken([...start, claim('b', 2)], claimedBy('b', 2))).toEqual(['CLAIM-3'])
    expect(lawsBroken([...start, did('operator', 'purge'), claim('b', 2)], claimedBy('b', 2))).toEqual([
      'CLAIM-3',
    ])
  })

  test('an ending by an owner who was told that the claim is lost, though nobody else has it', () => {
    const lost = [post(), claim('a', 1), toldLost('a')]
    expect(lawsBroken([...lost, ending('a', 'consume')])).toEqual(['SETTLE-2'])
    expect(lawsBroken([...lost, ending('a', 'abandon')], unclaimed)).toEqual(['SETTLE-2'])
  })

  test('an ending after the claim was forced to end, and a forced claim that stands', () => {
    const forced = [post(), claim('a', 1), did('operator', 'forceRelease', { token: '1' })]
    expect(lawsBroken([...forced, ending('a', 'consume')])).toEqual(['SETTLE-2'])
    expect(lawsBroken(forced, claimedBy('a', 1))).toEqual(['CLAIM-13'])
    const anyToken = [post(), claim('a', 1), did('operator', 'forceRelease')]
    expect(lawsBroken(anyToken, claimedBy('a', 1))).toEqual(['CLAIM-13'])
  })

  test('a restore of what was purged, and a restore and a purge of what was never trashed', () => {
    const purged = [post(), claim('a', 1), ending('a', 'trash'), did('operator', 'purge')]
    expect(lawsBroken([...purged, did('operator', 'restore')], unclaimed)).toEqual(['SETTLE-5'])
    expect(lawsBroken([post(), did('operator', 'restore')], unclaimed)).toEqual(['SETTLE-5'])
    expect(lawsBroken([post(), did('operator', 'purge')])).toEqual(['SETTLE-5'])
  })

  test('a post that is told of a standing which the job did not have', () => {
    expect(lawsBroken([post(), post({ state: 'TRASHED' })], unclaimed)).toEqual(['POST-3'])
    expect(lawsBroken([post(), post({ state: 'COMPLETE' })], unclaimed)).toEqual(['POST-3'])
  })

  test('a stale ending in an older scope', () => {
    const history = [post(), claim('a', 9), toldLost('a'), claim('b', 1, { scope: 'new' })]
    expect(lawsBroken([...history, ending('a', 'abandon')], claimedBy('b', 1))).toEqual(['SETTLE-2'])
  })

  test('a stale claim that still could end its job', () => {
    const history = [post(), claim('a', 1), toldLost('a'), claim('b', 2), toldLost('b')]
    expect(lawsBroken([...history, ending('a', 'consume')])).toEqual(['SETTLE-2'])
  })

  test('a job that is lost', () => {
    expect(lawsBroken([post()])).toEqual(['POST-1'])
    expect(lawsBroken([post(), claim('a', 1), ending('a', 'abandon')])).toEqual(['POST-1'])
    expect(lawsBroken([post(), claim('a', 1), ending('a', 'trash')])).toEqual(['POST-1'])
  })

  test('a consume that was acknowledged and did not happen', () => {
    expect(lawsBroken([post(), claim('a', 1), ending('a', 'consume')], unclaimed)).toEqual(['SETTLE-1'])
  })

  test('a trash, a restore and a purge that were acknowledged and did not happen', () => {
    const start = [post(), claim('a', 1), ending('a', 'trash')]
    expect(lawsBroken(start, unclaimed)).toEqual(['SETTLE-5'])
    expect(lawsBroken([...start, did('operator', 'restore')], trashed)).toEqual(['SETTLE-5'])
    expect(lawsBroken([...start, did('operator', 'purge')], trashed)).toEqual(['SETTLE-5'])
  })

  test('a refusal after which it was done all the same', () => {
    const refused = ending('a', 'consume', { outcome: 'refused', code: 'JOBBOARD_UNAVAILABLE' })
    expect(lawsBroken([post(), claim('a', 1), refused])).toEqual(['POST-1'])
  })

  test('a ghost: a claim that no client knows of', () => {
    expect(lawsBroken([post()], claimedBy('nobody', 7))).toEqual(['CLAIM-7'])
    expect(lawsBroken([post(), claim('a', 1), ending('a', 'abandon')], claimedBy('a', 1))).toEqual([
      'SETTLE-1',
    ])
    expect(lawsBroken([post(), claim('a', 1), toldLost('a')], claimedBy('a', 1))).toEqual(['CLAIM-14'])
    expect(lawsBroken([post(), claim('a', 1), did('a', 'close')], claimedBy('a', 1))).toEqual(['CLAIM-12'])
  })

  test('a claim that was settled or whose board was closed, and that stands although its client stood still', () => {
    const start = [post(), claim('a', 1)]
    const abandoned = [...start, ending('a', 'abandon'), did('a', 'stopped')]
    expect(lawsBroken(abandoned, claimedBy('a', 1))).toEqual(['SETTLE-1'])
    const closed = [...start, did('a', 'close', { jobId: undefined } as object), did('a', 'stopped')]
    expect(lawsBroken(closed, claimedBy('a', 1))).toEqual(['CLAIM-12'])
    expect(lawsBroken([...start, did('a', 'stopped'), toldLost('a')], claimedBy('a', 1))).toEqual([
      'CLAIM-14',
    ])
    expect(lawsBroken([post(), did('a', 'stopped')], claimedBy('a', 1))).toEqual(['CLAIM-7'])
  })

  test('a claim that stands when its owner is long dead', () => {
    const start = time
    const { end: _, ...dead } = { ...did('a', 'stopped'), start: start + 10 }
    const history = [
      post({ start, end: start + 1 }),
      claim('a', 1, { start: start + 2, end: start + 3 }),
      dead,
    ]
    const unanswered = [
      post({ start, end: start + 1 }),
      claim('a', 1, { ...unknown, start: start + 2 }),
      dead,
    ]
    const look = (ms: number) => ({ jobs: [claimedBy('a', 1)], at: start + 10 + ms })
    for (const [operations, law] of [
      [history, 'CLAIM-9'],
      [unanswered, 'CLAIM-9'],
    ] as const) {
      expect(lawsOf(checkHistory(operations, look(2_000), timing))).toEqual([])
      expect(lawsOf(checkHistory(operations, look(3_600_000), timing))).toEqual([law])
    }
  })

  test('a claim of which the board names another owner', () => {
    const history = [post(), claim('a', 1, { owner: 'worker' })]
    expect(lawsBroken(history, claimedBy('worker', 1))).toEqual([])
    expect(lawsBroken(history, claimedBy('somebody else', 1))).toEqual(['CLAIM-2'])
  })

  test('a second owner after a stop that was too short to cost a claim', () => {
    const short = did('a', 'stopped', { start: 20, end: 320 })
    const long = did('a', 'stopped', { start: 20, end: 1_500 })
    const history = (stop: Operation, told: Operation[] = []) => [
      post({ start: 0, end: 1 }),
      claim('a', 1, { start: 2, end: 3 }),
      stop,
      claim('b', 2, { start: 2_000, end: 2_001 }),
      ...told,
    ]
    const final = { jobs: [claimedBy('b', 2)] }
    expect(lawsOf(checkHistory(history(short), final, timing))).toEqual(['CLAIM-1', 'CLAIM-7'])
    expect(lawsOf(checkHistory(history(long), final, timing))).toEqual([])
    // While renewals fail, any stop may be the last straw: then the owner is told as soon as it runs.
    const told = did('a', 'lost', { claimId: 'claim of a', start: 330, end: 330 })
    expect(lawsOf(checkHistory(history(short, [told]), final, timing))).toEqual([])
  })

  test('a job that is in two places, or twice in one', () => {
    expect(lawsBroken([post()], unclaimed, trashed)).toEqual(['SETTLE-5'])
    expect(lawsBroken([post()], unclaimed, unclaimed)).toEqual(['LIST-4'])
  })

  test('on a board that nobody else uses, a job that nobody posted', () => {
    const other: FinalJob = { id: 'other', state: 'UNCLAIMED' }
    expect(lawsOfClosed([post()], unclaimed, other)).toEqual(['POST-3'])
    expect(
      lawsOfClosed([post(), did('a', 'post', { ...unknown, jobId: undefined } as object)], unclaimed, other),
    ).toEqual([])
  })

  test('a claim that vanished without a word', () => {
    expect(lawsBroken([post(), claim('a', 1)], unclaimed)).toEqual(['CLAIM-7'])
  })

  test('the problem says which job, whose claims, and what is wrong', () => {
    const [problem] = checkHistory([post(), claim('a', 1), claim('b', 2)])
    expect(problem).toEqual({
      law: 'CLAIM-1',
      jobId: 'job',
      text: 'the claim of b with token 2 was granted while the claim of a with token 1 stood',
    })
  })
})

describe('a recorder', () => {
  test('keeps what was never answered, as unknown', async () => {
    const history = new History()
    void history.record({ client: 'a', kind: 'post' }, () => new Promise(() => {}))
    expect(history.operations).toMatchObject([{ client: 'a', kind: 'post', outcome: 'unknown' }])
    expect(history.operations[0]).not.toHaveProperty('end')
  })

  test.each([
    ['JOBBOARD_CLAIM_LOST', 'refused'],
    ['JOBBOARD_UNAVAILABLE', 'refused'],
    ['JOBBOARD_OUTCOME_UNKNOWN', 'unknown'],
    ['JOBBOARD_CLOSED', 'unknown'],
    ['JOBBOARD_DRIVER_DEFECT', 'unknown'],
    ['ECONNRESET', 'unknown'],
  ])('takes %s as %s', async (code, outcome) => {
    const history = new History()
    const run = () => Promise.reject(Object.assign(new Error(code), { code }))
    await expect(history.record({ client: 'a', kind: 'consume' }, run)).rejects.toThrow(code)
    expect(history.operations).toMatchObject([{ outcome }])
  })

  test('writes lines that are read back equal, but for one that was cut off', () => {
    const operations = [post(), claim('a', 1), ending('a', 'consume')]
    const text = formatHistory(operations)
    expect(parseHistory(text)).toEqual(operations)
    expect(parseHistory(text.slice(0, -10))).toEqual(operations.slice(0, 2))
  })
})
