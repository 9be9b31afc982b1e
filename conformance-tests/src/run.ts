import { availableParallelism } from 'node:os'
import type { Capability } from '@jobboard/core/driver'
import type { ConformanceCase } from './case.js'
import { allCases } from './cases/index.js'
import type { HistoryProblem } from './check-history.js'
import { CrashError, Crashes } from './crashes.js'
import type { Harness, Space } from './harness.js'
import { checkDeclared, checkHarness } from './harness-checks.js'
import type { Law } from './laws.js'
import { Limit } from './limit.js'
import { ProcessPool } from './process-pool.js'
import { Random } from './random.js'
import { type CaseResult, disturbances, makeReport, type Report } from './report.js'
import { seedOfEnvironment } from './seed.js'
import { SuiteWorld } from './suite-world.js'
import { within } from './within.js'
import { Witness } from './witness.js'

export interface SuiteOptions {
  /** @default all cases of the suite */
  readonly cases?: readonly ConformanceCase[]
  /** Every random choice comes from it. @default the environment's JOBBOARD_CONFORMANCE_SEED, else a random one */
  readonly seed?: number
  /**
   * Most cases at one time, 1 or more. They wait more than they work, but what waits has to wake in time.
   * @default 1.5 a core
   */
  readonly concurrency?: number
  /**
   * Only the case with this id or the cases that cite this law; where there are none, all whose id contains the text.
   * For looking into a failure: of a part of the suite the report says nothing about conformance.
   */
  readonly only?: string
  /** The command that runs one case again; it stands in the report. */
  readonly reproduce?: (caseId: string, seed: number) => string
  /** Told of each result as soon as it is there. */
  readonly onResult?: (result: CaseResult) => void
  /** Longest that `createSpace`, `dispose` and `close` of the harness may take, each time. @default 30,000 */
  readonly harnessLimitMs?: number
}

/** Runs every case that the driver's capabilities choose, each in a space of its own, several side by side. */
export async function runSuite(harness: Harness, options: SuiteOptions = {}): Promise<Report> {
  const suite = new Suite(harness, options)
  const started = new Date()
  suite.crashes.listen()
  try {
    const [declared, results] = await Promise.all([
      failureOf(suite.checkDeclared()),
      Promise.all(suite.cases.map(one => suite.run(one))),
    ])
    const closed = await failureOf(suite.close())
    const wrong = [declared, closed, ...suite.crashes.strays]
    const problems = wrong.flatMap(error => error?.message ?? [])
    const { seed, isComplete } = suite
    const late = results.map(result => suite.afterwards(result))
    return makeReport(harness, { seed, started, isComplete, problems }, late)
  } finally {
    suite.crashes.stopListening()
  }
}

/** What a failed history says of the driver: which laws it broke, whatever the case was about. */
export class HistoryError extends Error {
  override readonly name = 'HistoryError'

  constructor(readonly problems: readonly HistoryProblem[]) {
    const lines = problems.map(({ law, jobId, text }) => `- ${law}: job ${jobId}: ${text}`)
    super(`what the clients saw cannot have happened on a board that keeps its laws:\n${lines.join('\n')}`)
  }
}

const limitMs = 60_000
const defaultHarnessLimitMs = 30_000
/** A case waits for no more than so many takeovers, one after the other. */
const takeoversOfCase = 20

/** So often a case is run again when it failed while the machine stood still. */
const mostDisturbed = 2

type Failure = Pick<CaseResult & { readonly status: 'failed' }, 'error' | 'blames' | 'reproduce'>

interface Attempt {
  readonly error: Error | undefined
  /** It failed, but the machine had kept a client's process from running for a while. */
  readonly excused: boolean
  readonly ms: number
}

/** The cases for one driver, ready to be run in any order. */
export class Suite {
  readonly cases: readonly ConformanceCase[]
  readonly seed: number
  /** What nobody handled, and whose doing it was. */
  readonly crashes: Crashes = new Crashes()
  readonly #harness: Harness
  readonly #reproduce: (caseId: string, seed: number) => string
  readonly #onResult: (result: CaseResult) => void
  readonly #harnessLimitMs: number
  readonly #limit: Limit
  readonly #pool: ProcessPool = new ProcessPool((caseId, crash) => this.crashes.note(caseId, crash))
  readonly #disturbed: string[] = []
  readonly #passed = new Set<string>()
  /** Started with the first case in real time. */
  #witness: Witness | undefined

  /** @throws TypeError, RangeError when the harness or an option cannot be used. */
  constructor(harness: Harness, options: SuiteOptions = {}) {
    const {
      cases = allCases,
      seed = seedOfEnvironment(),
      concurrency = Math.ceil(1.5 * availableParallelism()),
      only,
      reproduce = (caseId, s) => `JOBBOARD_CONFORMANCE_SEED=${s}, case ${caseId}`,
      onResult = () => {},
      harnessLimitMs = defaultHarnessLimitMs,
    } = options
    checkHarness(harness)
    this.#harness = harness
    this.seed = seed
    this.cases = only === undefined ? cases : chosen(cases, only)
    this.#reproduce = reproduce
    this.#onResult = onResult
    this.#harnessLimitMs = harnessLimitMs
    this.#limit = new Limit(concurrency)
  }

  /** Whether these are all cases: only then a run says whether the driver conforms. */
  get isComplete(): boolean {
    return allCases.every(one => this.cases.includes(one))
  }

  /** The cases that the driver's capabilities choose. */
  get applicable(): readonly ConformanceCase[] {
    return this.cases.filter(one => this.#missing(one) === undefined)
  }

  async run(one: ConformanceCase): Promise<CaseResult> {
    const result = await this.#resultOf(one)
    if (result.status === 'passed') this.#passed.add(result.id)
    this.#onResult(result)
    return result
  }

  /** Like `run`, for test runners: rejects with what failed. */
  async check(one: ConformanceCase): Promise<void> {
    const result = await this.run(one)
    if (result.status === 'not-applicable') throw new Error(`${one.id} needs ${result.missing}`)
    if (result.status === 'passed') return
    result.error.message += `\n[${one.id}, ${one.law}; again with ${result.reproduce}]`
    throw result.error
  }

  /** For test runners, after `close`: throws what crashed since its case had passed. */
  checkCrashes(): void {
    this.crashes.check(this.#passed)
  }

  /** Which cases were run again, in words; undefined when none was. */
  get disturbances(): string | undefined {
    return disturbances(this.#disturbed)
  }

  /** Of the process that tells whether the machine stood still; undefined in turned time. */
  get witnessPid(): number | undefined {
    return this.#witness?.pid
  }

  /** Rejects when the driver tells its users of other capabilities than the harness, which chose the cases. */
  async checkDeclared(): Promise<void> {
    const space = await this.#createSpace()
    try {
      checkDeclared(this.#harness, space)
    } finally {
      await this.#inHarness('dispose', space.dispose())
    }
  }

  /** Ends what the suite and the harness have running. */
  async close(): Promise<void> {
    await Promise.all([this.#pool.close(), this.#witness?.end()])
    await this.#inHarness('close', this.#harness.close?.())
  }

  /** The result as it is now: what crashed since then, because of its case, fails it. */
  afterwards(result: CaseResult): CaseResult {
    const crash = this.crashes.of(result.id)
    if (crash === undefined || result.status !== 'passed') return result
    return { ...result, status: 'failed', ...this.#failure(result, crash) }
  }

  async #resultOf(one: ConformanceCase): Promise<CaseResult> {
    const { id, law, title, needs } = one
    const missing = this.#missing(one)
    if (missing !== undefined) return { id, law, title, needs, status: 'not-applicable', missing }
    return this.#limit.run(async () => {
      const { error, ms, disturbed } = await this.#attempts(one)
      if (disturbed > 0) this.#disturbed.push(id)
      const facts = { id, law, title, needs, ms, ...(disturbed > 0 && { disturbed }) }
      if (error === undefined) return { ...facts, status: 'passed' }
      return { ...facts, status: 'failed', ...this.#failure(one, error) }
    })
  }

  #failure({ id, law }: Pick<ConformanceCase, 'id' | 'law'>, error: Error): Failure {
    return { error, blames: blames(law, error), reproduce: this.#reproduce(id, this.seed) }
  }

  #missing(one: ConformanceCase): Capability | undefined {
    return one.needs.find(capability => !this.#harness.capabilities.includes(capability))
  }

  /** The last attempt, and how many before it told nothing, since the machine stood still meanwhile. */
  async #attempts(one: ConformanceCase): Promise<Attempt & { readonly disturbed: number }> {
    for (let disturbed = 0; ; disturbed += 1) {
      const attempt = await this.#attempt(one)
      if (attempt.error === undefined || !attempt.excused || disturbed === mostDisturbed) {
        return { ...attempt, disturbed }
      }
    }
  }

  async #attempt(one: ConformanceCase): Promise<Attempt> {
    const start = performance.now()
    let excused = false
    const failure = await this.crashes.during(one.id, () =>
      this.#inNewWorld(one, async world => {
        const ms = this.#caseLimitMs(world)
        const late = () => `not done within ${ms} ms; ${world.waitingFor}`
        const failed = await failureOf(within(ms, runInWorld(one, world), late))
        // A history is judged by what is certain, and takes into account when clients did not run.
        excused = failed !== undefined && !(failed instanceof HistoryError) && (await world.wasDisturbed())
        return failed
      }),
    )
    const ms = Math.round(performance.now() - start)
    // Only when nothing else is left to do in this turn is a rejection known to be handled by nobody.
    await new Promise(resolve => setImmediate(resolve))
    const crash = this.crashes.of(one.id)
    if (crash === undefined) return { error: failure, excused, ms }
    // Whatever else failed may have failed because of it.
    if (failure !== crash) crash.cause ??= failure
    return { error: crash, excused: false, ms }
  }

  /** What went wrong in a world of its own. A space that cannot be removed fails a case, but hides no other failure. */
  async #inNewWorld(
    one: ConformanceCase,
    run: (world: SuiteWorld) => Promise<Error | undefined>,
  ): Promise<Error | undefined> {
    let world: SuiteWorld
    try {
      const space = await this.#createSpace()
      world = new SuiteWorld(this.#harness, space, {
        caseId: one.id,
        pool: this.#pool,
        random: Random.derive(this.seed, one.id),
        witness: this.#witnessOf(space),
      })
    } catch (error) {
      return asError(error)
    }
    const failure = await run(world)
    const left = await failureOf(this.#inHarness('dispose', world.dispose()))
    if (failure !== undefined && left !== undefined) failure.message += `\n(and afterwards: ${left.message})`
    return failure ?? left
  }

  async #createSpace(): Promise<Space> {
    const making = this.#harness.createSpace()
    try {
      return await this.#inHarness('createSpace', making)
    } catch (error) {
      // One that comes too late is not left on somebody's server; whether that works is no more news than the failure.
      making.then(space => space.dispose()).catch(() => {})
      throw error
    }
  }

  /** A harness that hangs fails, with the name of what hangs. */
  #inHarness<T>(member: string, call: T | Promise<T>): Promise<T> {
    const ms = this.#harnessLimitMs
    return within(ms, Promise.resolve(call), () => `${member} of the harness was not done within ${ms} ms`)
  }

  #witnessOf(space: Space): Witness | undefined {
    if (space.time !== undefined) return undefined
    this.#witness ??= new Witness()
    return this.#witness
  }

  #caseLimitMs(world: SuiteWorld): number {
    return limitMs + takeoversOfCase * world.takeoverMs
  }
}

/** The cases that `SuiteOptions.only` means. */
export function chosen(cases: readonly ConformanceCase[], only: string): readonly ConformanceCase[] {
  const exact = cases.filter(one => one.id === only || one.law === only)
  return exact.length > 0 ? exact : cases.filter(one => one.id.includes(only))
}

async function runInWorld(one: ConformanceCase, world: SuiteWorld): Promise<void> {
  await one.run(world)
  const problems = await world.finish()
  if (problems.length > 0) throw new HistoryError(problems)
}

/** A case that fails tells of its own law, a crash of FAULT-5; a history that does not fit tells of the laws that it breaks. */
function blames(law: Law, error: Error): readonly Law[] {
  if (error instanceof CrashError) return ['FAULT-5']
  return error instanceof HistoryError ? [...new Set(error.problems.map(problem => problem.law))] : [law]
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(`something that is no error was thrown: ${thrown}`)
}

function failureOf(call: Promise<unknown>): Promise<Error | undefined> {
  return call.then(() => undefined, asError)
}
