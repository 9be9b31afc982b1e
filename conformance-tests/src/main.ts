#!/usr/bin/env node
import { writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Command, InvalidArgumentError } from 'commander'
import type { Harness } from './harness.js'
import { type HarnessSource, readyHarness } from './harness-source.js'
import { renderReport } from './report.js'
import { runSuite } from './run.js'

interface Flags {
  readonly driver: string
  readonly seed?: number
  readonly only?: string
  readonly json?: string
  readonly concurrency?: number
}

const failed = 1
const wrongUsage = 2

const program = new Command('jobboard-conformance')
  .description(
    'Runs the conformance suite of Jobboard against a driver. Exit status: 0 all passed, 1 some failed, 2 wrong usage.',
  )
  .requiredOption(
    '--driver <module>',
    'file or package that exports a `harness`, or a function that makes one',
  )
  .option('--seed <n>', 'run with the choices of an earlier run', wholeNumber)
  .option('--only <pattern>', 'only cases whose id contains this text, or that cite this law')
  .option('--json <file>', 'write the report as JSON, too')
  .option('--concurrency <n>', 'most cases at one time', wholeNumber)
  .action(run)
  .exitOverride(error => process.exit(error.exitCode === 0 ? 0 : wrongUsage))

async function run(flags: Flags): Promise<void> {
  const { driver, json, ...options } = flags
  const harness = await loadHarness(driver).catch(error => program.error(`error: ${error.message}`))
  const reproduce = (caseId: string, seed: number): string =>
    `npx jobboard-conformance --driver ${driver} --seed ${seed} --only ${caseId}`
  const report = await runSuite(harness, { ...options, reproduce })
  if (report.cases.length === 0) program.error(`error: no case fits --only ${options.only}`)
  process.stdout.write(renderReport(report))
  if (json !== undefined) await writeFile(json, `${JSON.stringify(report, undefined, 2)}\n`)
  process.exitCode = report.counts.failed > 0 ? failed : 0
}

/** A path, or a package as seen from the folder in which the command runs. */
async function loadHarness(module: string): Promise<Harness> {
  const here = pathToFileURL(`${process.cwd()}/`)
  const file = /^[./]/.test(module) ? resolve(module) : createRequire(here).resolve(module)
  const { harness } = (await import(pathToFileURL(file).href)) as { readonly harness?: HarnessSource }
  if (harness === undefined) throw new Error(`${module} has no export \`harness\``)
  return readyHarness(harness)
}

function wholeNumber(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('it must be a whole number')
  return value
}

program.parseAsync().catch(error => {
  console.error(error)
  process.exitCode = failed
})
