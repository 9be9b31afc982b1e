import { describe, expect, test } from 'vitest'
import { checkHistory, type FinalJob } from '../src/check-history.js'
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
  return checkHistory(operations, { jobs }).map(({ law }) => law)
}

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

  test('a job that is consumed twice', () => {
    const first = [post(), claim('a', 1), ending('a', 'consume')]
    expect(lawsBroken([...first, claim('b', 2), ending('b', 'consume')])).toEqual(['SETTLE-1'])
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
