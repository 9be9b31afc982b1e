import { capabilities as allCapabilities, type Capability } from '@jobboard/core/driver'
import type { Harness, Space } from './harness.js'

/** The laws know no session that lives shorter. */
const leastTtlMs = 1_000

type Unchecked = Readonly<Partial<Record<keyof Harness, unknown>>>

/** Throws a TypeError that names everything that is wrong with a harness, before anything is run with it. */
export function checkHarness(harness: unknown): asserts harness is Harness {
  const problems = isObject(harness) ? problemsOf(harness) : ['it is no object']
  if (problems.length > 0) throw new TypeError(`the harness cannot be used: ${problems.join('; ')}`)
}

function problemsOf(harness: Unchecked): string[] {
  const { driver, backend, createSpace, close, sessionTtlMs, expiryMarginMs } = harness
  return [
    ...unless(isText(driver), '`driver` must be a name'),
    ...unless(isText(backend), '`backend` must be a name'),
    ...capabilityProblems(harness),
    ...unless(isAtLeast(leastTtlMs, sessionTtlMs), `\`sessionTtlMs\` must be ${leastTtlMs} or more`),
    ...unless(isAtLeast(0, expiryMarginMs), '`expiryMarginMs` must be 0 or more'),
    ...unless(typeof createSpace === 'function', '`createSpace` must be a function'),
    ...unless(close === undefined || typeof close === 'function', '`close` must be a function, if anything'),
  ]
}

function capabilityProblems({ capabilities, clientModule }: Unchecked): string[] {
  if (!Array.isArray(capabilities)) return ['`capabilities` must be a list']
  const known: readonly unknown[] = allCapabilities
  const unknown = capabilities.filter(name => !known.includes(name))
  const needsModule = capabilities.includes('multiProcess' satisfies Capability)
  return [
    ...unless(
      unknown.length === 0,
      `there is no capability ${unknown.join(', ')}; there are ${known.join(', ')}`,
    ),
    ...unless(
      !needsModule || clientModule instanceof URL,
      '`clientModule` must be a URL, since the driver is declared multiProcess',
    ),
  ]
}

/** What users would be told about the driver, and what the harness chose its cases by, must be the same. */
export function checkDeclared(harness: Pick<Harness, 'capabilities'>, space: Space): void {
  const { capabilities } = space.driver().info
  const [ofDriver, ofHarness] = [capabilities, harness.capabilities].map(listed)
  if (ofDriver === ofHarness) return
  throw new Error(`the driver declares ${ofDriver}, but its harness says ${ofHarness}`)
}

function listed(capabilities: readonly Capability[]): string {
  return allCapabilities.filter(one => capabilities.includes(one)).join(', ') || 'no capability'
}

function unless(holds: boolean, problem: string): string[] {
  return holds ? [] : [problem]
}

function isObject(value: unknown): value is Unchecked {
  return typeof value === 'object' && value !== null
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

function isAtLeast(least: number, value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= least
}
