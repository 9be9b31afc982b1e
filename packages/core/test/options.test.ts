import { hostname } from 'node:os'
import {
  type Claim,
  type ForceOptions,
  InvalidOptionsError,
  Jobboard,
  type JobboardOptions,
} from '@jobboard/core'
import {
  booleanOption,
  functionOption,
  numberOption,
  objectOption,
  parseOptions,
  textOption,
} from '@jobboard/core/driver'
import { memory } from '@jobboard/memory'
import { beforeAll, describe, expect, it } from 'vitest'
import { checkJobboardOptions } from '../src/options.js'

/** Options of boards, of drivers, and of calls. */

function refusal(options: unknown): string {
  try {
    new Jobboard(memory(), options as JobboardOptions)
  } catch (error) {
    expect(error).toMatchObject({ code: 'JOBBOARD_INVALID_OPTIONS' })
    return (error as Error).message
  }
  throw new Error('it was accepted')
}

describe('options of a board', () => {
  it('have defaults', () => {
    const { owner, ...others } = checkJobboardOptions({})
    expect(others).toEqual({
      name: 'jobboard',
      sessionTtlMs: 15_000,
      requestTimeoutMs: 5_000,
      refreshMs: 30_000,
      rememberMs: 60_000,
      maxPayloadBytes: 524_288,
      spreadWindow: 16,
    })
    expect(owner).toMatch(new RegExp(`^${hostname().replaceAll('.', '\\.')}:${process.pid}:[a-z0-9]{6}$`))
    expect(checkJobboardOptions({}).owner).not.toBe(owner)
  })

  it.each([
    ['sessionTtlMs', 1_000],
    ['requestTimeoutMs', 10],
    ['refreshMs', 10],
    ['rememberMs', 0],
    ['maxPayloadBytes', 2],
    ['spreadWindow', 1],
  ])('%s is a whole number of at least %i, also as the text of a URL', (name, least) => {
    for (const value of [least, String(least), least + 7])
      expect(checkJobboardOptions({ [name]: value })).toHaveProperty(name, Number(value))
    for (const value of [
      least - 1,
      least + 0.5,
      `${least}x`,
      '',
      ' 5000',
      '1e4',
      '-1',
      Number.NaN,
      null,
      true,
      {},
    ])
      expect(refusal({ [name]: value })).toContain(`${name} must be a whole number`)
  })

  it('spreadWindow is at most 1000', () => {
    expect(checkJobboardOptions({ spreadWindow: 1_000 }).spreadWindow).toBe(1_000)
    expect(refusal({ spreadWindow: 1_001 })).toContain('spreadWindow must be a whole number from 1 to 1000')
  })

  it.each(['name', 'owner'])('%s is a text of 1 to 255 characters', name => {
    expect(checkJobboardOptions({ [name]: 'x'.repeat(255) })).toHaveProperty(name, 'x'.repeat(255))
    for (const value of ['', 'x'.repeat(256), 7, null])
      expect(refusal({ [name]: value })).toContain(`${name} must be a text of 1 to 255 characters`)
  })

  it.each([
    ['clock', { now: () => 0 }, 'clock must be an object with now, monotonic, setTimeout'],
    ['logger', { info: () => {} }, 'logger must be an object with debug, info, warn, error'],
    ['newId', 'uuid', 'newId must be a function'],
    ['container', {}, 'container must be an object with createChildContainer, resolve'],
  ])('%s must be what it is used as', (name, value, message) => {
    expect(refusal({ [name]: value })).toContain(message)
    expect(refusal({ [name]: null })).toContain(message)
  })

  it('that are undefined are as if they were not there', () => {
    expect(checkJobboardOptions({ refreshMs: undefined } as object).refreshMs).toBe(30_000)
  })

  it('that nobody knows are refused, with the known ones listed, beside whatever else is wrong', () => {
    const message = refusal({ ttl: 5_000, refreshMs: 1 })
    const known =
      'known are name, owner, sessionTtlMs, requestTimeoutMs, refreshMs, rememberMs, maxPayloadBytes, spreadWindow, clock, logger, newId, container'
    expect(message).toBe(
      `Jobboard options: refreshMs must be a whole number of at least 10; unknown option "ttl"; ${known}`,
    )
  })

  it.each(['redis://user:hunter2@host', 7, null, [], () => {}])(
    'are refused when they are no object, without showing what they are instead (case %#)',
    options => {
      expect(refusal(options)).toMatch(
        /^Jobboard options: must be an object with options, not (an? \w+|null)$/,
      )
    },
  )
})

describe('options of a driver', () => {
  it('may be texts where they are numbers or booleans, since they also come from URLs', async () => {
    const { optional, strictObject } = await import('valibot')
    const schema = strictObject({
      dir: textOption(10),
      pollMs: optional(numberOption(1, 100), 15),
      sync: optional(booleanOption(), true),
      client: optional(objectOption<{ query(): void }>('query')),
      make: optional(functionOption<() => void>()),
    })
    const parse = (input: unknown) => parseOptions(schema, input, 'my options')
    expect(parse({ dir: 'x' })).toEqual({ dir: 'x', pollMs: 15, sync: true })
    expect(parse({ dir: 'x', pollMs: '20', sync: 'false' })).toEqual({ dir: 'x', pollMs: 20, sync: false })
    expect(() => parse({})).toThrow(new InvalidOptionsError('my options: dir is required'))
    expect(() => parse({ dir: 'x', sync: 'yes', pollMs: '101' })).toThrow(
      'my options: pollMs must be a whole number from 1 to 100; sync must be true or false',
    )
    expect(() => parse({ dir: 'x', client: {} })).toThrow('client must be an object with query')
    expect(() => parse({ dir: 'x', make: 1 })).toThrow('make must be a function')
    expect(() => parse({ dir: 'x', path: 'y' })).toThrow(
      'unknown option "path"; known are dir, pollMs, sync, client, make',
    )
  })
})

describe('options of calls', () => {
  let board: Jobboard
  let claim: Claim

  beforeAll(async () => {
    board = await new Jobboard(memory()).connect()
    claim = await board.claim(await board.post('job'))
    return () => board.close()
  })

  const calls: readonly (readonly [string, (options: never) => Promise<unknown>, string])[] = [
    ['iterJobs', options => board.iterJobs(options).next(), 'onlyUnclaimed, ensureFresh, names, state'],
    ['claimNext', options => board.claimNext(options), 'owner, names'],
    ['claims', options => board.claims(options).next(), 'owner, names, concurrency, signal'],
    ['waitForJob', options => board.waitForJob(options), 'names, timeoutMs, signal'],
    ['wait', options => claim.job.wait(options), 'timeoutMs, signal'],
    ['abandon', options => claim.abandon(options), 'delayMs, failure'],
    ['abandon', options => board.abandon(claim.job, undefined, options), 'delayMs, failure'],
    ['trash', options => claim.trash(options), 'reason, error'],
    ['trash', options => board.trash(claim.job, undefined, options), 'reason, error'],
    ['forceRelease', options => board.forceRelease(claim.job, options), 'token, reason'],
    ['registerEntity', options => board.registerEntity(options), 'kind, name, metadata'],
  ]

  it.each(calls)(
    '%s refuses a key that it does not know, and lists those that it does (case %#)',
    async (call, ask, known) => {
      await expect(ask({ nmae: 1 } as never)).rejects.toMatchObject({
        code: 'JOBBOARD_INVALID_ARGUMENT',
        message: `${call} has no option "nmae"; known are ${known}`,
      })
      await expect(ask(null as never)).rejects.toMatchObject({
        code: 'JOBBOARD_INVALID_ARGUMENT',
        message: `${call} takes an object with options, not null`,
      })
      expect(claim.state).toBe('held')
    },
  )

  it.each<[string, () => Promise<unknown>]>([
    ['state', () => board.iterJobs({ state: 'held' as never }).next()],
    ['onlyUnclaimed', () => board.iterJobs({ onlyUnclaimed: 'no' as never }).next()],
    ['contradict', () => board.iterJobs({ onlyUnclaimed: true, state: 'claimed' }).next()],
    ['ensureFresh', () => board.iterJobs({ ensureFresh: 1 as never }).next()],
    ['names', () => board.iterJobs({ names: [] }).next()],
    ['a name', () => board.claimNext({ names: ['a', ''] })],
    ['an owner', () => board.claimNext({ owner: 7 as never })],
    ['an owner', () => board.claim(claim.job, '')],
    ['a job id', () => board.claim(undefined as never)],
    ['a job id', () => board.find('')],
    ['a job id', () => board.restore('\u0000')],
    ['signal', () => board.waitForJob({ signal: {} as never })],
    ['signal', () => claim.job.wait({ signal: true as never })],
    ['signal', () => board.claims({ signal: 'stop' as never }).next()],
    ['delayMs', () => claim.abandon({ delayMs: -1 })],
    ['delayMs', () => claim.abandon({ delayMs: '5' as never })],
    ['failure', () => claim.abandon({ failure: 1 as never })],
    ['reason', () => claim.trash({ reason: '' })],
    ['trash', () => claim.trash(undefined as never)],
    ['reason', () => board.forceRelease(claim.job, { token: 1n } as ForceOptions)],
    ['token', () => board.forceRelease(claim.job, { reason: 'stuck' } as ForceOptions)],
    ['token', () => board.forceRelease(claim.job, { token: 1 as never, reason: 'stuck' })],
  ])('are checked: %s (case %#)', async (what, call) => {
    const error: unknown = await call().catch(error => error)
    const message = expect.stringMatching(new RegExp(`^(?!.*post this).*${what}`))
    expect(error).toMatchObject({ code: 'JOBBOARD_INVALID_ARGUMENT', message })
    expect(claim.state).toBe('held')
  })

  it('take one name for a list of one', async () => {
    await board.post('a')
    const names: string[] = []
    for await (const job of board.iterJobs({ names: 'a' })) names.push(job.name)
    expect(names).toEqual(['a'])
  })
})
