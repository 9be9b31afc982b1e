import type { Capability } from '@jobboard/core/driver'
import { describe, expect, test, vi } from 'vitest'
import type { ConformanceCase } from '../src/case.js'
import type { Harness } from '../src/harness.js'
import { type CaseResult, isGreen, type Level, makeReport, type Report, renderReport } from '../src/report.js'
import { runSuite, type SuiteOptions } from '../src/run.js'
import { harness as forgetful } from './fixtures/forgetful-harness.js'
import { harness } from './fixtures/memory-harness.js'

function aCase(id: string, over: Partial<ConformanceCase> = {}): ConformanceCase {
  return { id, law: 'POST-1', title: `the title of ${id}`, needs: [], run: async () => {}, ...over }
}

const fails = {
  run: async () => {
    throw new Error('this is what went wrong', { cause: new Error('and this is why') })
  },
}

const whole = { seed: 42, started: new Date(), isComplete: true, problems: [] }

function aResult(id: string, status: 'passed' | 'failed', needs: readonly Capability[] = []): CaseResult {
  const facts = { id, law: 'POST-1', title: id, needs, ms: 1 } as const
  if (status === 'passed') return { ...facts, status }
  return { ...facts, status, error: new Error('a defect'), blames: ['POST-1'], reproduce: 'again' }
}

function levelOf(results: readonly CaseResult[]): Level | undefined {
  return makeReport(harness, whole, results).level
}

/** A run of these cases on a driver that declares `push`. */
function report(cases: readonly ConformanceCase[], options: SuiteOptions = {}): Promise<Report> {
  return runSuite(harness, { cases, seed: 42, ...options })
}

test('it says first what was not tested', async () => {
  const made = await report([aCase('posting/one')])
  expect(Object.keys(made)[0]).toBe('notes')
  expect(renderReport(made).split('\n')[0]).toMatch(/^Not fault-tested: /)
})

test('it names driver, backend, suite, Node, seed and capabilities', async () => {
  const made = await report([aCase('posting/one')])
  expect(made).toMatchObject({
    driver: 'memory',
    backend: `Node ${process.versions.node}`,
    suite: expect.stringMatching(/^\d+\.\d+\.\d+/),
    node: process.versions.node,
    seed: 42,
    capabilities: ['push'],
  })
})

test('every case has its id, law, title and standing, and a failure what is needed to see it again', async () => {
  const cases = [
    aCase('posting/good'),
    aCase('posting/bad', fails),
    aCase('posting/other', { needs: ['push', 'durable'] }),
  ]
  const reproduce = (id: string, seed: number): string => `run ${id} with ${seed}`
  const made = await report(cases, { reproduce })
  expect(made.cases).toMatchObject([
    { id: 'posting/good', law: 'POST-1', title: 'the title of posting/good', status: 'passed' },
    { id: 'posting/bad', status: 'failed', blames: ['POST-1'], reproduce: 'run posting/bad with 42' },
    { id: 'posting/other', status: 'not-applicable', missing: 'durable' },
  ])
  expect(made.cases[1]?.error).toMatch(/this is what went wrong.*caused by: Error: and this is why/s)
  expect(made.counts).toEqual({ passed: 1, failed: 1, notApplicable: 1 })
  expect(JSON.parse(JSON.stringify(made))).toEqual(made)
})

describe('the level', () => {
  const plain = aResult('posting/plain', 'passed')
  const pushed = aResult('watching/pushed', 'passed', ['push'])
  const failing = (one: CaseResult): CaseResult => aResult(one.id, 'failed', one.needs)

  test('grants the declared capabilities of which every case passed', () => {
    expect(levelOf([plain, pushed])).toEqual({ conforms: true, granted: ['push'] })
  })

  test('keeps back a capability with a case that failed', () => {
    expect(levelOf([plain, pushed, failing(pushed)])).toEqual({ conforms: true, granted: [] })
  })

  test('grants nothing without the cases that ask for no capability', () => {
    expect(levelOf([failing(plain), pushed])).toEqual({ conforms: false, granted: [] })
    expect(levelOf([])).toEqual({ conforms: false, granted: [] })
  })

  test('grants nothing when something beside the cases went wrong', () => {
    const made = makeReport(harness, { ...whole, problems: ['the server is stuck'] }, [plain, pushed])
    expect(made.level).toEqual({ conforms: false, granted: [] })
    expect(isGreen(made)).toBe(false)
    expect(renderReport(made)).toContain('\nProblem: the server is stuck\nDoes not conform\n')
  })

  test('never grants what no case tests, and says so', () => {
    const capabilities = ['push', 'transactional', 'clustered', 'faultTested'] as const
    const made = makeReport({ ...harness, capabilities }, whole, [plain, pushed])
    expect(made.level).toEqual({ conforms: true, granted: ['push'] })
    expect(made.notes).toContain(
      'Declared, but no case tests it yet, and so not granted: transactional, clustered, faultTested.',
    )
  })

  test('is left out when a part of the suite was run', async () => {
    const made = await report([aCase('posting/one')])
    expect(made).not.toHaveProperty('level')
    expect(made.notes).toContain(
      'A part of the suite only: it says nothing about conformance, and grants no capability.',
    )
    expect(renderReport(made)).not.toContain('Conforms')
  })
})

test('for people it is grouped by law, with the count last', async () => {
  const cases = [
    aCase('watching/late', { law: 'WATCH-1' }),
    aCase('posting/bad', fails),
    aCase('posting/elsewhere', { needs: ['durable'] }),
  ]
  const text = renderReport(await report(cases))
  expect(text.indexOf('POST-1  ')).toBeLessThan(text.indexOf('WATCH-1  '))
  expect(text).toMatch(
    /^ {2}FAIL {2}posting\/bad: the title of posting\/bad \(\d+ ms\)\n +Error: this is what went wrong/m,
  )
  expect(text).toMatch(/^ {2}n\/a {3}posting\/elsewhere: .*; needs durable$/m)
  expect(text).toMatch(/^ {2}ok {4}watching\/late/m)
  expect(text.trimEnd().split('\n').at(-1)).toBe('1 passed, 1 failed, 1 not applicable')
})

test('a history that does not fit fails its case, and blames the laws that it breaks', async () => {
  const posts = aCase('listing/posts', {
    law: 'LIST-1',
    run: async world => void (await (await world.client('client')).post('job')),
  })
  const made = await runSuite(forgetful(), { cases: [posts] })
  expect(made.cases).toMatchObject([{ status: 'failed', blames: ['POST-1'] }])
  expect(made.cases[0]?.error).toMatch(
    /POST-1: job [0-9a-f-]+: it is gone in the end, but post by client#1 was acknowledged/,
  )
})

test('cases can be chosen by their id, by their law, or else by a part of their id', async () => {
  const cases = [
    aCase('posting/one'),
    aCase('posting/one-more'),
    aCase('posting/two'),
    aCase('watching/one', { law: 'WATCH-1' }),
  ]
  const ids = async (only: string): Promise<string[]> =>
    (await report(cases, { only })).cases.map(({ id }) => id)
  expect(await ids('posting/one')).toEqual(['posting/one'])
  expect(await ids('WATCH-1')).toEqual(['watching/one'])
  expect(await ids('one')).toEqual(['posting/one', 'posting/one-more', 'watching/one'])
})

test('a result is told as soon as it is there', async () => {
  const told: string[] = []
  await report([aCase('posting/one'), aCase('posting/two')], { onResult: one => told.push(one.id) })
  expect(told.sort()).toEqual(['posting/one', 'posting/two'])
})

test.each([0, -1, 1.5, Number.NaN])('a concurrency of %d is refused', async concurrency => {
  await expect(report([aCase('posting/one')], { concurrency })).rejects.toThrow(RangeError)
})

test('a harness that cannot be used is refused, with everything that is wrong with it', async () => {
  const wrong = { ...harness, capabilities: ['push', 'fast', 'multiProcess'], sessionTtlMs: 10 }
  await expect(runSuite(wrong as unknown as Harness)).rejects.toThrow(
    /no capability fast; .*`clientModule` must be a URL.*`sessionTtlMs` must be 1000 or more/,
  )
})

test('a space that comes too late is removed all the same', async () => {
  let disposed = false
  const slow: Harness = {
    ...harness,
    createSpace: async () => {
      await new Promise(resolve => setTimeout(resolve, 100))
      const dispose = async (): Promise<void> => {
        disposed = true
      }
      return { ...(await harness.createSpace()), dispose }
    },
  }
  const made = await runSuite(slow, { cases: [aCase('posting/one')], harnessLimitMs: 20 })
  expect(made.cases).toMatchObject([
    { status: 'failed', error: expect.stringContaining('createSpace of the harness') },
  ])
  await vi.waitFor(() => expect(disposed).toBe(true))
})
