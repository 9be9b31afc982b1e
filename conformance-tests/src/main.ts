#!/usr/bin/env node
import { open, writeFile } from 'node:fs/promises'
import { Command, InvalidArgumentError } from 'commander'
import { allCases } from './cases/index.js'
import type { Harness } from './harness.js'
import { checkHarness } from './harness-checks.js'
import { loadHarness } from './load-harness.js'
import { isGreen, type Report, renderReport, renderResult } from './report.js'
import { chosen, runSuite } from './run.js'
import { isWholeNumber, seedOfEnvironment } from './seed.js'

interface Flags {
  readonly driver?: string
  readonly seed?: number
  readonly only?: string
  readonly json?: string
  readonly concurrency?: number
  readonly harnessLimit?: number
  readonly list?: true
}

const failed = 1
const wrongUsage = 2

const program: Command = new Command('jobboard-conformance')
  .description(
    'Runs the conformance suite of Jobboard against a driver. Exit status: 0 all passed, 1 some failed, 2 wrong usage.',
  )
  .option('--driver <module>', 'file or package that exports a `harness`, or a function that makes one')
  .option('--seed <n>', 'run with the choices of an earlier run', wholeNumber)
  .option(
    '--only <pattern>',
    'only the case with this id or the cases that cite this law; where there are none, all whose id contains the text',
  )
  .option('--json <file>', 'write the report as JSON, too')
  .option('--concurrency <n>', 'most cases at one time', positiveNumber)
  .option(
    '--harness-limit <ms>',
    'longest that the harness may take to make or remove a space',
    positiveNumber,
  )
  .option('--list', 'print the cases, and run none')
  .action(run)
  .exitOverride(error => process.exit(error.exitCode === 0 ? 0 : wrongUsage))

async function run(flags: Flags): Promise<void> {
  const { driver, only } = flags
  const cases = only === undefined ? allCases : chosen(allCases, only)
  if (cases.length === 0) program.error(`error: no case fits --only ${only}`)
  if (flags.list) return write(cases.map(({ id, law, title }) => `${id}  ${law}  ${title}\n`).join(''))
  if (driver === undefined) program.error("error: required option '--driver <module>' not specified")
  const { harness, seed } = await prepare(driver, flags).catch(refuse)
  await report(harness, driver, { ...flags, seed })
}

/** Whatever can be wrong with the order is found before a run that takes minutes. */
async function prepare(driver: string, flags: Flags): Promise<{ harness: Harness; seed: number }> {
  const seed = flags.seed ?? seedOfEnvironment()
  if (flags.json !== undefined) await checkWritable(flags.json)
  const harness: unknown = await loadHarness(driver)
  checkHarness(harness)
  return { harness, seed }
}

/** Until the report is written a run has failed, whatever ends this process. */
async function report(
  harness: Harness,
  driver: string,
  flags: Flags & { readonly seed: number },
): Promise<void> {
  const { seed, only, json, concurrency, harnessLimit } = flags
  process.exitCode = failed
  const made = await runSuite(harness, {
    seed,
    ...(only !== undefined && { only }),
    ...(concurrency !== undefined && { concurrency }),
    ...(harnessLimit !== undefined && { harnessLimitMs: harnessLimit }),
    reproduce: caseId => commandFor(caseId, driver, flags),
    onResult: result => process.stderr.write(`${renderResult(result)}\n`),
  })
  await writeReport(made, json)
  // What a driver or a harness left running must not keep the command.
  process.exit(isGreen(made) ? 0 : failed)
}

async function writeReport(made: Report, json: string | undefined): Promise<void> {
  await write(renderReport(made))
  if (json !== undefined) await writeFile(json, `${JSON.stringify(made, undefined, 2)}\n`)
}

function commandFor(caseId: string, driver: string, { seed, concurrency, harnessLimit }: Flags): string {
  return [
    `npx jobboard-conformance --driver ${driver} --seed ${seed}`,
    ...(concurrency === undefined ? [] : [`--concurrency ${concurrency}`]),
    ...(harnessLimit === undefined ? [] : [`--harness-limit ${harnessLimit}`]),
    `--only ${caseId}`,
  ].join(' ')
}

/** An earlier report stays until there is a new one. */
async function checkWritable(file: string): Promise<void> {
  await (await open(file, 'a')).close()
}

function refuse(error: unknown): never {
  return program.error(`error: ${error instanceof Error ? error.message : error}`)
}

/** Resolves when the text has left this process, which may be ended then. */
function write(text: string): Promise<void> {
  return new Promise(resolve => process.stdout.write(text, () => resolve()))
}

function wholeNumber(text: string): number {
  if (!isWholeNumber(text)) throw new InvalidArgumentError('it must be a whole number')
  return Number(text)
}

function positiveNumber(text: string): number {
  const value = wholeNumber(text)
  if (value === 0) throw new InvalidArgumentError('it must be 1 or more')
  return value
}

program.parseAsync().catch(error => {
  console.error(error)
  process.exitCode = failed
})
