import { describe, expect, test } from 'vitest'
import type { ConformanceCase } from '../src/case.js'
import { type Report, renderReport } from '../src/report.js'
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
  const plain = aCase('posting/plain')
  const pushed = aCase('watching/pushed', { needs: ['push'] })

  test('grants the declared capabilities of which every case passed', async () => {
    expect((await report([plain, pushed])).level).toEqual({ conforms: true, granted: ['push'] })
  })

  test('keeps back a capability with a case that failed', async () => {
    expect((await report([plain, { ...pushed, ...fails }])).level).toEqual({ conforms: true, granted: [] })
  })

  test('grants nothing without the cases that ask for no capability', async () => {
    expect((await report([{ ...plain, ...fails }, pushed])).level).toEqual({ conforms: false, granted: [] })
    expect((await report([])).level).toEqual({ conforms: false, granted: [] })
  })

  test('never grants faultTested without control over a server', async () => {
    const declaring = { ...harness, capabilities: ['push', 'faultTested'] as const }
    const made = await runSuite(declaring, { cases: [plain] })
    expect(made.level).toEqual({ conforms: true, granted: ['push'] })
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

test('cases can be chosen by a part of their id, or by their law', async () => {
  const cases = [aCase('posting/one'), aCase('posting/two'), aCase('watching/one', { law: 'WATCH-1' })]
  const ids = async (only: string): Promise<string[]> =>
    (await report(cases, { only })).cases.map(({ id }) => id)
  expect(await ids('one')).toEqual(['posting/one', 'watching/one'])
  expect(await ids('WATCH-1')).toEqual(['watching/one'])
})
