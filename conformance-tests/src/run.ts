import { randomInt } from 'node:crypto'
import { availableParallelism } from 'node:os'
import type { Capability } from '@jobboard/core/driver'
import type { ConformanceCase } from './case.js'
import { allCases } from './cases/index.js'
import type { HistoryProblem } from './check-history.js'
import type { Harness } from './harness.js'
import type { Law } from './laws.js'
import { Limit } from './limit.js'
import { ProcessPool } from './process-pool.js'
import { Random } from './random.js'
import { type CaseResult, disturbances, makeReport, type Report } from './report.js'
import { SuiteWorld } from './suite-world.js'

export interface SuiteOptions {
  /** @default all cases of the suite */
  readonly cases?: readonly ConformanceCase[]
  /** Every random choice comes from it. @default the environment's JOBBOARD_CONFORMANCE_SEED, else a random one */
  readonly seed?: number
  /** Most cases at one time. They wait more than they work, but what waits has to wake in time. @default 1.5 a core */
  readonly concurrency?: number
  /** Only cases whose id contains this text, or that cite this law. For looking into a failure: a report needs all. */
  readonly only?: string
  /** The command that runs one case again; it stands in the report. */
  readonly reproduce?: (caseId: string, seed: number) => string
}

/** Runs every case that the driver's capabilities choose, each in a space of its own, several side by side. */
export async function runSuite(harness: Harness, options: SuiteOptions = {}): Promise<Report> {
  const suite = new Suite(harness, options)
  const started = new Date()
  try {
    const results = await Promise.all(suite.cases.map(one => suite.run(one)))
    return makeReport(harness, suite.seed, started, results)
  } finally {
    await suite.close()
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
/** A case waits for no more than so many takeovers, one after the other. */
const takeoversOfCase = 20

/** So often a case is run again when it failed while the machine stood still. */
const mostDisturbed = 2

interface Attempt {
  readonly error: Error | undefined
  /** It failed, but a client's process had not run for a while. */
  readonly excused: boolean
  readonly ms: number
}

/** The cases for one driver, ready to be run in any order. */
export class Suite {
  readonly cases: readonly ConformanceCase[]
  readonly seed: number
  readonly #harness: Harness
  readonly #reproduce: (caseId: string, seed: number) => string
  readonly #limit: Limit
  readonly #pool: ProcessPool = new ProcessPool()
  readonly #disturbed: string[] = []

  constructor(harness: Harness, options: SuiteOptions = {}) {
    const {
      cases = allCases,
      seed = seedOfEnvironment(),
      concurrency = Math.ceil(1.5 * availableParallelism()),
      only,
      reproduce,
    } = options
    this.#harness = harness
    this.seed = seed
    this.cases = only === undefined ? cases : cases.filter(one => one.id.includes(only) || one.law === only)
    this.#reproduce = reproduce ?? ((caseId, s) => `JOBBOARD_CONFORMANCE_SEED=${s}, case ${caseId}`)
    this.#limit = new Limit(concurrency)
  }

  /** The cases that the driver's capabilities choose. */
  get applicable(): readonly ConformanceCase[] {
    return this.cases.filter(one => this.#missing(one) === undefined)
  }

  async run(one: ConformanceCase): Promise<CaseResult> {
    const { id, law, title, needs } = one
    const missing = this.#missing(one)
    if (missing !== undefined) return { id, law, title, needs, status: 'not-applicable', missing }
    return this.#limit.run(async () => {
      const { error, ms, disturbed } = await this.#attempts(one)
      if (disturbed > 0) this.#disturbed.push(id)
      const facts = { id, law, title, needs, ms, ...(disturbed > 0 && { disturbed }) }
      if (error === undefined) return { ...facts, status: 'passed' }
      const reproduce = this.#reproduce(id, this.seed)
      return { ...facts, status: 'failed', error, blames: blames(law, error), reproduce }
    })
  }

  /** Like `run`, for test runners: rejects with what failed. */
  async check(one: ConformanceCase): Promise<void> {
    const result = await this.run(one)
    if (result.status === 'not-applicable') throw new Error(`${one.id} needs ${result.missing}`)
    if (result.status === 'passed') return
    result.error.message += `\n[${one.id}, ${one.law}; again with ${result.reproduce}]`
    throw result.error
  }

  /** Which cases were run again, in words; undefined when none was. */
  get disturbances(): string | undefined {
    return disturbances(this.#disturbed)
  }

  /** Ends what the suite and the harness have running. */
  async close(): Promise<void> {
    await this.#pool.close()
    await this.#harness.close?.()
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
    const attempt = this.#inNewWorld(one, async world => {
      try {
        await inTime(this.#caseLimitMs(world), world, () => runInWorld(one, world))
      } catch (error) {
        // A history is judged by what is certain, and takes into account when clients did not run.
        excused = !(error instanceof HistoryError) && (await world.wasDisturbed())
        throw error
      }
    })
    const error = await attempt.then(() => undefined, asError)
    return { error, excused, ms: Math.round(performance.now() - start) }
  }

  async #inNewWorld(one: ConformanceCase, run: (world: SuiteWorld) => Promise<void>): Promise<void> {
    const space = await this.#harness.createSpace()
    const world = new SuiteWorld(this.#harness, space, this.#pool, Random.derive(this.seed, one.id))
    try {
      await run(world)
    } finally {
      await world.dispose()
    }
  }

  #caseLimitMs(world: SuiteWorld): number {
    return limitMs + takeoversOfCase * world.takeoverMs
  }
}

async function runInWorld(one: ConformanceCase, world: SuiteWorld): Promise<void> {
  await one.run(world)
  const problems = await world.finish()
  if (problems.length > 0) throw new HistoryError(problems)
}

async function inTime(ms: number, world: SuiteWorld, run: () => Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${ms} ms; ${world.waitingFor}`)), ms)
  })
  try {
    await Promise.race([run(), late])
  } finally {
    clearTimeout(timer)
  }
}

/** A case that fails tells of its own law; a history that does not fit tells of the laws that it breaks. */
function blames(law: Law, error: Error): readonly Law[] {
  return error instanceof HistoryError ? [...new Set(error.problems.map(problem => problem.law))] : [law]
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(`something that is no error was thrown: ${thrown}`)
}

function seedOfEnvironment(): number {
  const given = Number.parseInt(process.env['JOBBOARD_CONFORMANCE_SEED'] ?? '', 10)
  return Number.isNaN(given) ? randomInt(2 ** 31) : given
}
