// Runs every test and ends with one line, `N passed, N failed`, the sum of all runs.

import { spawn } from 'node:child_process'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** The second Node comes from npm and lies in the package that is tested with it, where it shadows nobody's `node`. */
const node24 = 'packages/sqlite/node_modules/node/bin/node'

const runs = [
  { name: 'all', node: process.execPath, folders: [] },
  { name: 'boards-on-node-24', node: node24, folders: ['packages/memory/', 'packages/sqlite/'] },
]

function execute(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
    child.once('error', reject)
    child.once('close', resolve)
  })
}

async function runTests({ name, node, folders }) {
  const report = `reports/tests-${name}.json`
  await rm(new URL(`../${report}`, import.meta.url), { force: true })
  console.log(`\n# ${name}: ${node} ${folders.join(' ')}`)
  const status = await execute(node, [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...folders,
  ])
  return tally(JSON.parse(await readFile(new URL(`../${report}`, import.meta.url), 'utf8')), status)
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

await mkdir(new URL('../reports', import.meta.url), { recursive: true })
const total = { passed: 0, failed: 0 }
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
