import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect, parseArgs } from 'node:util'
import type { Result } from './benchmark.js'
import { allBenchmarks } from './benchmarks/index.js'
import { run } from './run.js'
import { renderTable } from './table.js'

const usage = `node dist/bench.js [NAME...] [--rounds N] [--json FILE] [--dir DIR] [--check]

  NAME          which benchmarks to run; all when none is named:
                ${allBenchmarks.map(({ name }) => name).join(', ')}
  --rounds N    how often each is measured; medians are shown (default 5)
  --json FILE   write every sample to this file
  --dir DIR     where boards are made, on the disk that you want to measure (default: the system's folder for temporary files)
  --check       exit with status 1 when a target is missed
`

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '5' },
      json: { type: 'string' },
      dir: { type: 'string', default: tmpdir() },
      check: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return void process.stdout.write(usage)
  const rounds = Number(values.rounds)
  const unknown = positionals.filter(name => !allBenchmarks.some(benchmark => benchmark.name === name))
  if (unknown.length > 0 || !Number.isInteger(rounds) || rounds < 1) {
    process.stderr.write(usage)
    process.exitCode = 2
    return
  }
  const results = await runAll(positionals, rounds, values.dir)
  const machine = `${availableParallelism()} cores, Node ${process.versions.node}, medians of ${rounds}`
  process.stdout.write(`${renderTable(results)}\n${machine}\n`)
  if (values.json !== undefined)
    await writeFile(values.json, `${JSON.stringify({ machine, results }, null, 2)}\n`)
  if (values.check && results.some(({ met }) => !met)) process.exitCode = 1
}

async function runAll(names: readonly string[], rounds: number, dir: string): Promise<readonly Result[]> {
  const results: Result[] = []
  for (const benchmark of allBenchmarks) {
    if (names.length > 0 && !names.includes(benchmark.name)) continue
    const folder = await mkdtemp(join(dir, 'jobboard-bench-'))
    try {
      const progress = (round: number): void => {
        process.stderr.write(`${benchmark.name}: ${round} of ${rounds}\n`)
      }
      results.push(...(await run(benchmark, rounds, folder, progress)))
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
  return results
}

main().catch((error: unknown) => {
  process.stderr.write(error instanceof TypeError ? `${error.message}\n\n${usage}` : `${inspect(error)}\n`)
  process.exitCode = error instanceof TypeError ? 2 : 1
})
