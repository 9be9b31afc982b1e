import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { allCases } from '../src/cases/index.js'

const run = promisify(execFile)
const fixture = fileURLToPath(new URL('./fixtures/node-test.js', import.meta.url))

/** Inside a test runner node:test reports to that runner: the child must not take us for one. */
const { NODE_TEST_CONTEXT: _, ...environment } = process.env

test('under node:test every case is a test', async () => {
  const { stdout } = await run(process.execPath, ['--test', '--test-reporter=tap', fixture], {
    env: environment,
  })
  const posting = allCases.filter(
    one => one.id.startsWith('posting/') && one.needs.every(need => need === 'push'),
  )
  expect(posting.length).toBeGreaterThan(5)
  for (const one of posting) expect(stdout).toContain(`[${one.id}]`)
  expect(stdout).toMatch(/# suites 1\n# pass \d+\n# fail 0\n/)
  // One more asks whether the harness says what the driver declares.
  expect(stdout).toContain(`# pass ${posting.length + 1}\n`)
})
