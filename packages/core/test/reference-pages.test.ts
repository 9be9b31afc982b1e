import { readFile } from 'node:fs/promises'
import type { JobboardErrorCode, JobboardEventName, JobboardEvents, PostOptions } from '@jobboard/core'
import * as core from '@jobboard/core'
import { describe, expect, it } from 'vitest'
import { checkJobboardOptions, plainOptionNames } from '../src/options.js'

/** The pages for errors, events and options say what the code says, no more and no less. */

async function section(page: string, heading?: string): Promise<string> {
  const text = await readFile(new URL(`../../../docs/reference/${page}.md`, import.meta.url), 'utf8')
  if (heading === undefined) return text
  const [, after = ''] = text.split(`\n## ${heading}\n`)
  return after.split('\n## ')[0] ?? ''
}

/** Rows of the tables in a text whose first cell is code; every cell without its backticks. */
function rows(markdown: string): string[][] {
  const lines = markdown.split('\n').filter(line => line.startsWith('| `'))
  return lines.map(line =>
    line
      .slice(1, -1)
      .split('|')
      .map(cell => cell.trim().replaceAll('`', '')),
  )
}

/** Every key of an options type; the compiler refuses one too many and one too few. */
type Known<Options> = Readonly<Record<keyof Options, true>>

describe('errors.md', () => {
  const at = new Date()
  /** One of each; the compiler sees to it that none is missing. */
  const samples: Readonly<Record<JobboardErrorCode, core.JobboardError>> = {
    JOBBOARD_INVALID_OPTIONS: new core.InvalidOptionsError('an option'),
    JOBBOARD_INVALID_ARGUMENT: new core.InvalidArgumentError(),
    JOBBOARD_INVALID_POSTING: new core.InvalidPostingError('details', 'problem'),
    JOBBOARD_POSTING_CONFLICT: new core.PostingConflictError('id'),
    JOBBOARD_JOB_NOT_FOUND: new core.JobNotFoundError('id'),
    JOBBOARD_ALREADY_CLAIMED: new core.AlreadyClaimedError('id', 'owner'),
    JOBBOARD_NOT_AVAILABLE_YET: new core.NotAvailableYetError('id', at),
    JOBBOARD_CLAIM_LOST: new core.ClaimLostError('id', 'expired'),
    JOBBOARD_CLAIM_NOT_HELD: new core.ClaimNotHeldError('id', 'owner'),
    JOBBOARD_CLAIM_SETTLED: new core.ClaimSettledError('id', 'consume'),
    JOBBOARD_CLAIM_CHANGED: new core.ClaimChangedError('id', 1n),
    JOBBOARD_UNAVAILABLE: new core.UnavailableError(),
    JOBBOARD_OUTCOME_UNKNOWN: new core.OutcomeUnknownError('posting', 'id'),
    JOBBOARD_OVERLOADED: new core.OverloadedError(1),
    JOBBOARD_AUTHENTICATION_FAILED: new core.AuthenticationError(),
    JOBBOARD_PERMISSION_DENIED: new core.PermissionDeniedError(),
    JOBBOARD_LIMIT_EXCEEDED: new core.LimitExceededError(),
    JOBBOARD_INCOMPATIBLE_BACKEND: new core.IncompatibleBackendError(),
    JOBBOARD_NOT_CONNECTED: new core.NotConnectedError('board'),
    JOBBOARD_CLOSED: new core.BoardClosedError('board'),
    JOBBOARD_DRIVER_NOT_FOUND: new core.DriverNotFoundError(),
    JOBBOARD_DRIVER_DEFECT: new core.DriverDefectError(),
    JOBBOARD_INVALID_STORE: new core.InvalidStoreError('a job', 'an array'),
    JOBBOARD_FLOW_NOT_FOUND: new core.FlowNotFoundError(),
    JOBBOARD_FLOW_AMBIGUOUS: new core.FlowAmbiguousError(),
  }

  it('lists every code with its class and whether a retry may help, and no other', async () => {
    const listed = rows(await section('errors')).filter(([code]) => code?.startsWith('JOBBOARD_'))
    const expected = Object.entries(samples).map(([key, error]) => {
      expect(error.code).toBe(key)
      return [error.code, error.name, error.retryable ? 'yes' : 'no']
    })
    expect(listed.map(cells => cells.slice(0, 3))).toEqual(expected)
  })

  it('knows every error class that core exports', () => {
    const exported = Object.entries(core)
      .filter(([, value]) => typeof value === 'function' && value.prototype instanceof core.JobboardError)
      .map(([name]) => name)
    expect(exported.sort()).toEqual(
      Object.values(samples)
        .map(error => error.constructor.name)
        .sort(),
    )
  })

  it('lists every reason of a lost claim, and no other', async () => {
    const reasons: Readonly<Record<core.LossReason, true>> = {
      expired: true,
      forced: true,
      'taken over': true,
      closed: true,
      unknown: true,
    }
    const listed = rows(await section('errors', 'Why a claim was lost')).map(([reason]) => reason)
    expect(listed).toEqual(Object.keys(reasons))
  })
})

describe('events.md', () => {
  type Fields = { readonly [E in JobboardEventName]: Readonly<Record<keyof JobboardEvents[E], true>> }
  const ofJob = { jobId: true, why: true, owner: true, at: true } as const
  /** Every event with every field; the compiler refuses one too many and one too few. */
  const fields: Fields = {
    posted: ofJob,
    claimed: ofJob,
    released: ofJob,
    removed: ofJob,
    resynced: { at: true },
    malformed: { where: true, problem: true },
    claimLost: { jobId: true, owner: true, error: true },
    sessionLost: { sessionId: true, at: true },
    error: { error: true, during: true },
  }

  it('lists every event with its fields, and no other', async () => {
    const listed = rows(await section('events')).map(cells => cells.slice(0, 2))
    const expected = Object.entries(fields).map(([event, its]) => [event, Object.keys(its).join(', ')])
    expect(listed).toEqual(expected)
  })
})

describe('options.md', () => {
  const ofBoard = () => section('options', 'Of every board')

  it('lists every option of a board, and no other', async () => {
    const known: Known<core.JobboardOptions> = {
      name: true,
      owner: true,
      sessionTtlMs: true,
      requestTimeoutMs: true,
      refreshMs: true,
      rememberMs: true,
      maxPayloadBytes: true,
      spreadWindow: true,
      clock: true,
      logger: true,
      newId: true,
      container: true,
    }
    expect(rows(await ofBoard()).map(([name]) => name)).toEqual(Object.keys(known))
  })

  it('has the defaults of the code', async () => {
    const settings: Readonly<Record<string, unknown>> = { ...checkJobboardOptions({}) }
    const listed = new Map(rows(await ofBoard()).map(([name = '', value = '']) => [name, value]))
    expect(settings['owner']).toMatch(/^.+:\d+:[a-z0-9]{6}$/)
    expect(listed.get('owner')).toBe('host:pid:random')
    expect(listed.get('name')).toBe(`'${settings['name']}'`)
    const numbers = plainOptionNames.filter(name => typeof settings[name] === 'number')
    expect(numbers.map(name => [name, listed.get(name)])).toEqual(
      numbers.map(name => [name, String(settings[name])]),
    )
  })

  it('has the least values of the code', async () => {
    const bounded = rows(await ofBoard()).filter(cells => cells[2] !== '')
    expect(bounded.length).toBeGreaterThan(0)
    for (const [name = '', , least = ''] of bounded) {
      expect(checkJobboardOptions({ [name]: Number(least) })).toHaveProperty(name, Number(least))
      expect(() => checkJobboardOptions({ [name]: Number(least) - 1 })).toThrow(`${name} must be`)
    }
  })

  it('lists every option of a posting, and no other', async () => {
    const known: Known<PostOptions> = {
      details: true,
      priority: true,
      id: true,
      book: true,
      flow: true,
      store: true,
      delayMs: true,
    }
    expect(rows(await section('options', 'Of one posting')).map(([name]) => name)).toEqual(Object.keys(known))
  })

  it('lists every option of every other call, and no other', async () => {
    const names = true
    const wait: Known<core.WaitOptions> = { timeoutMs: true, signal: true }
    const calls = {
      fetchBoard: { drivers: true, from: true } satisfies Known<
        Omit<core.FetchOptions, keyof core.JobboardOptions>
      >,
      iterJobs: {
        onlyUnclaimed: true,
        ensureFresh: true,
        names,
        state: true,
      } satisfies Known<core.IterOptions>,
      claimNext: { owner: true, names } satisfies Known<core.ClaimNextOptions>,
      claims: { owner: true, names, concurrency: true, signal: true } satisfies Known<core.ClaimsOptions>,
      waitForJob: { names, ...wait } satisfies Known<core.WaitForJobOptions>,
      'job.wait': wait,
      abandon: { delayMs: true, failure: true } satisfies Known<core.AbandonOptions>,
      trash: { reason: true, error: true } satisfies Known<core.TrashOptions>,
      forceRelease: { token: true, reason: true } satisfies Known<core.ForceOptions>,
    }
    const expected = Object.entries(calls).flatMap(([call, its]) =>
      Object.keys(its).map(name => [call, name]),
    )
    const listed = rows(await section('options', 'Of other calls')).map(cells => cells.slice(0, 2))
    expect(listed).toEqual(expected)
  })
})
