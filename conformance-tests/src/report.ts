import { readFileSync } from 'node:fs'
import type { Capability } from '@jobboard/core/driver'
import type { Harness } from './harness.js'
import { type Law, lawSummaries, laws } from './laws.js'

/** How one case ended. */
export type CaseResult = {
  readonly id: string
  readonly law: Law
  readonly title: string
  readonly needs: readonly Capability[]
} & (
  | ({ readonly status: 'passed' } & Effort)
  | ({
      readonly status: 'failed'
      readonly error: Error
      /** The laws that were broken: the case's own, or those that its history breaks. */
      readonly blames: readonly Law[]
      /** How to run this case again with the same choices. */
      readonly reproduce: string
    } & Effort)
  | { readonly status: 'not-applicable'; readonly missing: Capability }
)

export interface Effort {
  /** Of the last attempt. */
  readonly ms: number
  /** Attempts before it that failed while the machine stood still, and so told nothing of the driver. */
  readonly disturbed?: number
}

/** What one run says of one driver on one backend. `JSON.stringify` writes it. */
export interface Report {
  /** What a reader must know before the figures. */
  readonly notes: readonly string[]
  readonly driver: string
  readonly backend: string
  /** Version of this suite. */
  readonly suite: string
  readonly node: string
  readonly started: string
  readonly ms: number
  readonly seed: number
  /** What the driver declares; it chose the cases. */
  readonly capabilities: readonly Capability[]
  /** Absent when only a part of the suite was run, which tells nothing of conformance. */
  readonly level?: Level
  /** What went wrong beside the cases; with any of it a driver does not conform. */
  readonly problems: readonly string[]
  readonly counts: { readonly passed: number; readonly failed: number; readonly notApplicable: number }
  readonly cases: readonly CaseReport[]
}

export interface Level {
  /** Every case that asks for no capability passed, and nothing else went wrong. */
  readonly conforms: boolean
  /** Declared capabilities that some case tests, and of which every case passed too; none without conformance. */
  readonly granted: readonly Capability[]
}

/** What one run was, beside its results. */
export interface Run {
  readonly seed: number
  readonly started: Date
  /** Whether every case of the suite was run. */
  readonly isComplete: boolean
  readonly problems: readonly string[]
}

/** A result in which the error is text. */
export type CaseReport = Omit<CaseResult, 'error'> & {
  readonly missing?: Capability
  readonly ms?: number
  readonly disturbed?: number
  readonly error?: string
  readonly blames?: readonly Law[]
  readonly reproduce?: string
}

const notFaultTested =
  'Not fault-tested: the harness gives no control over a server, so none was stopped, paused or restarted.'
const partOnly = 'A part of the suite only: it says nothing about conformance, and grants no capability.'

export function makeReport(
  harness: Pick<Harness, 'driver' | 'backend' | 'capabilities'>,
  run: Run,
  results: readonly CaseResult[],
): Report {
  const count = (status: CaseResult['status']): number => results.filter(one => one.status === status).length
  const { driver, backend, capabilities } = harness
  const { seed, started, isComplete, problems } = run
  return {
    notes: notesOf(capabilities, results, isComplete),
    ...{ driver, backend, suite: suiteVersion(), node: process.versions.node },
    ...{ started: started.toISOString(), ms: Date.now() - started.getTime(), seed, capabilities },
    ...(isComplete && { level: levelOf(capabilities, results, problems) }),
    problems,
    counts: { passed: count('passed'), failed: count('failed'), notApplicable: count('not-applicable') },
    cases: results.map(caseReport),
  }
}

/** Whether all is well: every case that was run passed, and nothing went wrong beside them. */
export function isGreen({ counts, problems }: Report): boolean {
  return counts.failed === 0 && problems.length === 0
}

/** One line, to be shown as soon as there is a result. */
export function renderResult(result: CaseResult): string {
  const { id, status } = result
  const more = status === 'not-applicable' ? `; needs ${result.missing}` : ` (${result.ms} ms)`
  return `${marks[status]}  ${id}${more}`
}

/** For people: grouped by law, failures with what they say and how to see them again, the count last. */
export function renderReport(report: Report): string {
  const { driver, backend, suite, node, seed, counts } = report
  return [
    ...report.notes,
    `${driver} on ${backend}; suite ${suite}, Node ${node}, seed ${seed}`,
    ...laws.flatMap(law => renderLaw(law, report.cases)),
    '',
    ...report.problems.map(problem => `Problem: ${problem}`),
    ...renderLevel(report.level),
    `${counts.passed} passed, ${counts.failed} failed, ${counts.notApplicable} not applicable`,
    '',
  ].join('\n')
}

function renderLevel(level: Level | undefined): string[] {
  if (level === undefined) return []
  return [
    level.conforms ? `Conforms; granted: ${level.granted.join(', ') || 'no capability'}` : 'Does not conform',
  ]
}

function notesOf(
  capabilities: readonly Capability[],
  results: readonly CaseResult[],
  isComplete: boolean,
): readonly string[] {
  const again = results.filter(one => one.status !== 'not-applicable' && one.disturbed !== undefined)
  const untested = capabilities.filter(one => !results.some(testing(one)))
  const notes = [
    notFaultTested,
    isComplete ? undefined : partOnly,
    isComplete && untested.length > 0 ? notTested(untested) : undefined,
    disturbances(again.map(one => one.id)),
  ]
  return notes.filter(note => note !== undefined)
}

function notTested(capabilities: readonly Capability[]): string {
  return `Declared, but no case tests it yet, and so not granted: ${capabilities.join(', ')}.`
}

function testing(capability: Capability): (one: CaseResult) => boolean {
  return one => one.status !== 'not-applicable' && one.needs.includes(capability)
}

/** Undefined when no case had to be run again. */
export function disturbances(ids: readonly string[]): string | undefined {
  return ids.length === 0
    ? undefined
    : `Disturbed: processes of this machine stood still, so these cases were run again: ${ids.join(', ')}.`
}

function levelOf(
  capabilities: readonly Capability[],
  results: readonly CaseResult[],
  problems: readonly string[],
): Level {
  const failed = results.filter(one => one.status === 'failed')
  const passed = results.filter(one => one.status === 'passed')
  const conforms = problems.length === 0 && passed.length > 0 && failed.every(one => one.needs.length > 0)
  const granted = capabilities.filter(one => passed.some(testing(one)) && !failed.some(testing(one)))
  return { conforms, granted: conforms ? granted : [] }
}

function caseReport(result: CaseResult): CaseReport {
  if (result.status !== 'failed') return result
  const { error, ...rest } = result
  return { ...rest, error: textOf(error) }
}

function textOf(error: Error): string {
  const text = error.stack?.includes(error.message)
    ? error.stack
    : `${error.name}: ${error.message}\n${error.stack ?? ''}`
  return error.cause instanceof Error ? `${text}\ncaused by: ${textOf(error.cause)}` : text
}

function renderLaw(law: Law, cases: readonly CaseReport[]): string[] {
  const ofLaw = cases.filter(one => one.law === law)
  return ofLaw.length === 0 ? [] : ['', `${law}  ${lawSummaries[law]}`, ...ofLaw.flatMap(renderCase)]
}

const marks = { passed: 'ok  ', failed: 'FAIL', 'not-applicable': 'n/a ' } as const

function renderCase({ id, title, status, ms, missing, error, blames, reproduce }: CaseReport): string[] {
  const line = `  ${marks[status]}  ${id}: ${title}${ms === undefined ? '' : ` (${ms} ms)`}`
  if (status === 'not-applicable') return [`${line}; needs ${missing}`]
  if (status === 'passed') return [line]
  const details = [...(error ?? '').split('\n'), `breaks: ${blames?.join(', ')}`, `again:  ${reproduce}`]
  return [line, ...details.map(detail => `          ${detail}`)]
}

function suiteVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { readonly version: string }).version
}
