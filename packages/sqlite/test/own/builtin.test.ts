import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { it, onTestFinished } from 'vitest'
import { laterNode } from './children.js'

const root = fileURLToPath(new URL('../../../..', import.meta.url))
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs')

interface Report {
  readonly numPassedTests: number
  readonly numTotalTests: number
  readonly testResults: readonly { readonly assertionResults: readonly Result[] }[]
}

interface Result {
  readonly title: string
  readonly status: string
  readonly failureMessages: readonly string[]
}

it('the suite passes with the SQLite that Node.js has built in', { timeout: 600_000 }, async () => {
  const report = JSON.parse(
    await output('run', '--reporter=json', 'packages/sqlite/test/conformance.test.ts'),
  ) as Report
  const results = report.testResults.flatMap(({ assertionResults }) => assertionResults)
  const failed = results.filter(({ status }) => status !== 'passed')
  assert.deepEqual(
    failed.map(({ title, failureMessages }) => [title, ...failureMessages]),
    [],
  )
  assert.ok(
    report.numPassedTests > 100,
    `only ${report.numPassedTests} of ${report.numTotalTests} cases were run`,
  )
})

/** What vitest writes when it is run by the later Node.js. */
async function output(...args: readonly string[]): Promise<string> {
  const env = { ...process.env }
  for (const name of Object.keys(env)) if (name.startsWith('VITEST')) delete env[name]
  const child = spawn(laterNode, [vitest, ...args], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill())
  let [text, trouble] = ['', '']
  child.stdout.on('data', chunk => {
    text += chunk
  })
  child.stderr.on('data', chunk => {
    trouble += chunk
  })
  await new Promise(resolve => child.once('close', resolve))
  assert.match(text, /^\{/, trouble)
  return text
}
