import { type ExecFileException, execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Report } from '../src/report.js'

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))
const fixtures = fileURLToPath(new URL('./fixtures/', import.meta.url))

interface Ended {
  readonly status: number | string | null | undefined
  readonly stdout: string
  readonly stderr: string
}

function conformance(...args: string[]): Promise<Ended> {
  return new Promise(resolve => {
    execFile(
      process.execPath,
      [main, ...args],
      { cwd: fixtures },
      (error: ExecFileException | null, stdout, stderr) =>
        resolve({ status: error === null ? 0 : error.code, stdout, stderr }),
    )
  })
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jobboard-conformance-'))
})
afterAll(() => rm(folder, { recursive: true }))

test('a driver that passes: a report for people, one as JSON, and status 0', async () => {
  const json = join(folder, 'report.json')
  const args = ['--driver', './memory-harness.js', '--seed', '11', '--only', 'posting/', '--json', json]
  const { status, stdout, stderr } = await conformance(...args)
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(stdout).toMatch(/seed 11\n.*\nConforms; granted: push\n\d+ passed, 0 failed, \d+ not applicable\n$/s)
  const report = JSON.parse(await readFile(json, 'utf8')) as Report
  expect(report).toMatchObject({ driver: 'memory', seed: 11, counts: { failed: 0 } })
  expect(report.cases.map(one => one.id).every(id => id.startsWith('posting/'))).toBe(true)
})

test('a driver that fails: status 1, and for each failure the command that shows it again', async () => {
  const args = ['--driver', './forgetful-harness.js', '--seed', '3', '--concurrency', '2', '--only', 'LIST-1']
  const { status, stdout } = await conformance(...args)
  expect(status).toBe(1)
  expect(stdout).toMatch(
    /again: {2}npx jobboard-conformance --driver \.\/forgetful-harness\.js --seed 3 --only listing\/order$/m,
  )
  expect(stdout).toContain('Does not conform')
})

test.each([
  ['no driver', [], /required option '--driver <module>'/],
  ['a driver that cannot be loaded', ['--driver', './nowhere.js'], /Cannot find module/],
  ['a module without a harness', ['--driver', './lone-client.js'], /has no export `harness`/],
  ['a seed that is no number', ['--driver', './memory-harness.js', '--seed', 'x'], /whole number/],
  ['a pattern that fits no case', ['--driver', './memory-harness.js', '--only', 'nothing'], /no case fits/],
  ['an unknown option', ['--driver', './memory-harness.js', '--skip', 'races'], /unknown option/],
])('wrong usage, status 2: %s', async (_, args, message) => {
  const { status, stderr } = await conformance(...args)
  expect(stderr).toMatch(message)
  expect(status).toBe(2)
})

test('help is no wrong usage', async () => {
  const { status, stdout } = await conformance('--help')
  expect(status).toBe(0)
  expect(stdout).toContain('--driver <module>')
})
