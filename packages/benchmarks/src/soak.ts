import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { formatHistory } from '@jobboard/conformance-tests'
import { parseSoakOptions, type SoakOptions, usage } from './soak/options.js'
import { type SoakReport, soak } from './soak/soak.js'

async function main(args: readonly string[]): Promise<void> {
  const options = parseSoakOptions(args)
  if (options === undefined) return void process.stdout.write(usage)
  const { jobs, workers, concurrency, seed } = options
  process.stdout.write(`${jobs} jobs, ${workers} workers with ${concurrency} at a time, seed ${seed}\n`)
  const folder = await mkdtemp(join(options.dir ?? tmpdir(), 'jobboard-soak-'))
  const report = await soak(options, folder, left => process.stderr.write(`${left} left\n`), interruption())
  for (const [what, figure] of Object.entries(report.figures)) process.stdout.write(`${what}: ${figure}\n`)
  if (report.problems.length === 0) {
    process.stdout.write(
      'every job was consumed once, none is left, and the history is one that can happen\n',
    )
    await rm(folder, { recursive: true, force: true })
  } else {
    await tellProblems(report, folder, options)
    process.exitCode = 1
  }
}

/** Workers that are stopped would stay for ever if this process just ended. */
function interruption(): AbortSignal {
  const interrupted = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort())
  return interrupted.signal
}

/** The first few; the folder has the evidence: the board, the commands' log and the history. */
async function tellProblems(
  { problems, accounts }: SoakReport,
  folder: string,
  { seed }: SoakOptions,
): Promise<void> {
  await writeFile(join(folder, 'problems.txt'), problems.map(problem => `${problem}\n`).join(''))
  await writeFile(join(folder, 'history.jsonl'), formatHistory(accounts.operations))
  for (const problem of problems.slice(0, 20)) process.stdout.write(`${problem}\n`)
  process.stdout.write(
    `${problems.length} problems with seed ${seed}; all of them and the evidence are in ${folder}\n`,
  )
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(error instanceof TypeError ? `${error.message}\n\n${usage}` : `${inspect(error)}\n`)
  process.exitCode = error instanceof TypeError ? 2 : 1
})
