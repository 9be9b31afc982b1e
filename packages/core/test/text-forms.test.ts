import { inspect } from 'node:util'
import { type Claim, ClaimChangedError, ClaimLostError, Jobboard, type TrashedJob } from '@jobboard/core'
import { memory } from '@jobboard/memory'
import { beforeAll, describe, expect, it } from 'vitest'

/** Details may hold secrets, and things get logged: no text form of anything shows them. */

const secret = 'hunter2'
let board: Jobboard
let claim: Claim
let trashed: TrashedJob

beforeAll(async () => {
  board = await new Jobboard(memory(), { name: 'b', owner: 'me' }).connect()
  const options = { id: 'j1', priority: 'HIGH', details: { password: secret } } as const
  claim = await board.claim(await board.post('resize', options))
  const other = await board.claim(await board.post('bad', { id: 'j2', details: { password: secret } }))
  await other.trash({ reason: 'no use' })
  for await (const job of board.trashed()) trashed = job
  return () => board.close()
})

const forms: Readonly<Record<string, (value: unknown) => string>> = {
  String,
  template: value => `${value}`,
  JSON: value => JSON.stringify(value),
  'JSON within another object': value => JSON.stringify({ list: [value] }),
  inspect: value => inspect(value),
  'inspect, all of it': value => inspect(value, { depth: null, showHidden: true, getters: false }),
  'inspect within another object': value => inspect({ list: [value] }, { depth: null }),
}

describe.each(Object.entries(forms))('%s', (_, form) => {
  it.each<[string, () => unknown, string]>([
    ['a job', () => claim.job, 'j1'],
    ['a claim', () => claim, 'j1'],
    ['a job in the trash', () => trashed, 'j2'],
  ])('of %s says which it is, and shows no details', (_, value, id) => {
    expect(form(value())).toContain(id)
    expect(form(value())).not.toContain(secret)
  })

  it('of a board shows no job', () => {
    expect(form(board)).not.toContain(secret)
  })
})

describe('text forms', () => {
  it('of a job', () => {
    expect(String(claim.job)).toBe('Job j1 ("resize", HIGH, CLAIMED)')
    expect(inspect(claim.job)).toBe('[Job j1 ("resize", HIGH, CLAIMED)]')
    expect(JSON.parse(JSON.stringify(claim.job))).toEqual({
      id: 'j1',
      name: 'resize',
      priority: 'HIGH',
      state: 'CLAIMED',
      owner: 'me',
    })
  })

  it('of a claim', () => {
    expect(String(claim)).toBe(`Claim on job j1 (me, token ${claim.fencingToken}, held)`)
    expect(inspect(claim)).toBe(`[${claim}]`)
    expect(JSON.parse(JSON.stringify(claim))).toEqual({
      id: claim.id,
      jobId: 'j1',
      owner: 'me',
      fencingToken: String(claim.fencingToken),
      scope: board.scope,
      attempt: 1,
      state: 'held',
    })
  })

  it('of an error: all that programs need, also a token, which JSON does not know', () => {
    expect(JSON.parse(JSON.stringify(new ClaimChangedError('j1', 7n)))).toEqual({
      name: 'ClaimChangedError',
      code: 'JOBBOARD_CLAIM_CHANGED',
      message: expect.stringContaining('fencing token 7'),
      retryable: false,
      jobId: 'j1',
      fencingToken: '7',
    })
    const lost = new ClaimLostError('j1', 'expired', { cause: new Error(secret) })
    expect(JSON.stringify(lost)).not.toContain(secret)
    expect(JSON.parse(JSON.stringify(lost))).toMatchObject({ code: 'JOBBOARD_CLAIM_LOST', reason: 'expired' })
    expect(String(lost)).toMatch(/^ClaimLostError: Lost the claim on job j1 \(expired\)/)
  })
})

describe('what is stored of why a job was trashed', () => {
  const limit = 16 * 1024

  async function stored(reason: string, error?: unknown): Promise<TrashedJob['trashedWith']> {
    const trashing = await board.claim(await board.post('job'))
    await trashing.trash({ reason, error })
    return (await board.find(trashing.job))?.trashedWith
  }

  it('is the reason and, of an error, its stack', async () => {
    const error = new RangeError('too big')
    expect(await stored('no use', error)).toMatchObject({ reason: 'no use', owner: 'me', error: error.stack })
    expect(await stored('no use')).not.toHaveProperty('error')
  })

  it.each([
    ['a text', 'a text'],
    [7, '7'],
    [null, 'null'],
    [{ code: 7 }, '{ code: 7 }'],
    [Object.create(null), '[Object: null prototype] {}'],
    [Symbol('s'), 'Symbol(s)'],
    [Object.assign(new Error('x'), { stack: undefined }), 'Error: x'],
  ])('is a text, whatever was thrown (case %#)', async (error, text) => {
    expect((await stored('no use', error))?.error).toBe(text)
  })

  it('is cut to 16 KiB, without half a character, and holds nothing that a backend cannot store', async () => {
    const long = `x${'\u20ac'.repeat(limit)}`
    const cut = await stored(long, long)
    for (const text of [cut?.reason, cut?.error]) {
      expect(Buffer.byteLength(text ?? '')).toBeLessThanOrEqual(limit)
      expect(Buffer.byteLength(text ?? '')).toBeGreaterThan(limit - 4)
      expect(long.startsWith(text ?? '-')).toBe(true)
    }
    expect((await stored('a\u0000b\ud800c'))?.reason).toBe('a\ufffdb\ufffdc')
    const marked = `\ufeff${'x'.repeat(limit)}`
    expect((await stored(marked))?.reason.startsWith('\ufeffx')).toBe(true)
  })
})
