// Runs every test and ends with one line, `N passed, N failed`, the sum of all runs.
// With `--seeds N` it runs the conformance suites instead, N times, each time with another seed.

import { spawn } from 'node:child_process'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))

/** The second Node comes from npm and lies in the package that is tested with it, where it shadows nobody's `node`. */
const node24 = 'packages/sqlite/node_modules/node/bin/node'

const everything = [
  { name: 'all', node: process.execPath, files: [] },
  { name: 'boards-on-node-24', node: node24, files: ['packages/memory/', 'packages/sqlite/'] },
]

const withSeed = seed => ({
  name: `seed-${seed}`,
  node: process.execPath,
  files: ['memory', 'redis-lock', 'sqlite'].map(name => `packages/${name}/test/conformance.test.ts`),
  env: { JOBBOARD_CONFORMANCE_SEED: String(seed) },
})

async function runTests({ name, node, files, env }) {
  console.log(`\n# ${name}: ${node} ${files.join(' ')}`)
  const report = join(root, 'reports', `tests-${name}.json`)
  await rm(report, { force: true })
  const vitest = ['node_modules/vitest/vitest.mjs', 'run']
  const output = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const status = await execute(node, [...vitest, ...output, ...files], env)
  return tally(JSON.parse(await readFile(report, 'utf8')), status)
}

function execute(command, args, env = {}) {
  return new Promise((resolve, reject) => {
    const options = { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...env } }
    const child = spawn(command, args, options)
    child.once('error', reject)
    child.once('close', resolve)
  })
}

/**
 * A test that was left out counts as failed, and so does a file that could not be loaded. Trouble outside of any test
 * (an unhandled rejection, say) shows only in the exit status.
 */
function tally(report, status) {
  const unloaded = report.testResults.filter(
    file => file.status === 'failed' && file.assertionResults.length === 0,
  )
  const passed = report.numPassedTests
  const failed = report.numTotalTests - passed + unloaded.length
  return { passed, failed: failed === 0 && (status !== 0 || passed === 0) ? 1 : failed }
}

const { values } = parseArgs({ options: { seeds: { type: 'string' } } })
const seeds = Array.from({ length: Number(values.seeds ?? 0) }, (_, i) => i + 1)
const runs = values.seeds === undefined ? everything : seeds.map(withSeed)

await mkdir(join(root, 'reports'), { recursive: true })
const total = { passed: 0, failed: runs.length === 0 ? 1 : 0 }
for (const run of runs) {
  const { passed, failed } = await runTests(run).catch(error => {
    console.error(error)
    return { passed: 0, failed: 1 }
  })
  total.passed += passed
  total.failed += failed
}
console.log(`\n${total.passed} passed, ${total.failed} failed`)
process.exitCode = total.failed === 0 ? 0 : 1
