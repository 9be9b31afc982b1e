import { type ExecFileException, execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
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
  return conformanceIn(fixtures, args)
}

function conformanceIn(cwd: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return new Promise(resolve => {
    execFile(
      process.execPath,
      [main, ...args],
      { cwd, env: { ...process.env, ...env } },
      (error: ExecFileException | null, stdout, stderr) =>
        resolve({ status: error === null ? 0 : error.code, stdout, stderr }),
    )
  })
}

/** One quick case, with a harness that has something odd about it. */
function conformanceOf(oddity: string, ...args: string[]): Promise<Ended> {
  const quick = ['--driver', 'odd-harness.js', '--only', 'posting/shown-at-once', '--harness-limit', '300']
  return conformanceIn(fixtures, [...quick, ...args], { ODDITY: oddity })
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jobboard-conformance-'))
})
afterAll(() => rm(folder, { recursive: true }))

test('a driver that passes: progress, a report for people, one as JSON, and status 0', async () => {
  const json = join(folder, 'report.json')
  const args = ['--driver', './memory-harness.js', '--seed', '11', '--only', 'posting/', '--json', json]
  const { status, stdout, stderr } = await conformance(...args)
  expect(status).toBe(0)
  expect(stdout).toMatch(/seed 11\n.*\n\d+ passed, 0 failed, \d+ not applicable\n$/s)
  const report = JSON.parse(await readFile(json, 'utf8')) as Report
  expect(report).toMatchObject({ driver: 'memory', seed: 11, problems: [], counts: { failed: 0 } })
  const ids = report.cases.map(one => one.id)
  expect(ids.every(id => id.startsWith('posting/'))).toBe(true)
  const told = stderr.trimEnd().split('\n')
  expect(told.map(line => line.match(/^(?:ok {2}|n\/a ) {2}(posting\/[a-z0-9-]+)/)?.[1]).sort()).toEqual(
    ids.sort(),
  )
})

test('a part of the suite grants nothing, and the report says so', async () => {
  const { status, stdout } = await conformance('--driver', './memory-harness.js', '--only', 'LIST-2')
  expect(status).toBe(0)
  expect(stdout).toMatch(/^A part of the suite only: /m)
  expect(stdout).not.toMatch(/conform; |Conforms|Does not conform|granted:/)
})

test('a driver that fails: status 1, and for each failure the command that shows it again', async () => {
  const args = ['--driver', './forgetful-harness.js', '--seed', '3', '--concurrency', '2', '--only', 'LIST-1']
  const { status, stdout } = await conformance(...args)
  expect(status).toBe(1)
  const again =
    'npx jobboard-conformance --driver ./forgetful-harness.js --seed 3 --concurrency 2 --only listing/order'
  expect(stdout.split('\n').map(line => line.trim())).toContain(`again:  ${again}`)
})

test('an id means that case alone, though other ids contain it', async () => {
  const { stdout } = await conformance('--driver', './memory-harness.js', '--only', 'listing/order')
  expect(stdout).toMatch(/^1 passed, 0 failed, 0 not applicable$/m)
})

test.each([
  ['createSpace hangs', /createSpace of the harness was not done within 300 ms/],
  ['dispose hangs', /dispose of the harness was not done within 300 ms/],
  ['close hangs', /Problem: close of the harness was not done within 300 ms/],
  ['close fails', /Problem: cannot stop the server/],
  ['no capability declared', /Problem: the driver declares push, but its harness says no capability/],
  ['a rejection left behind', /left behind by the driver[\s\S]*breaks: FAULT-5/],
  ['dispose fails too', /the real cause\n.*and afterwards: the space is stuck/],
])('a harness of which %s: the report says so, and status 1', async (oddity, message) => {
  const { status, stdout } = await conformanceOf(oddity)
  expect(stdout).toMatch(message)
  expect(stdout).toMatch(/^\d passed, \d failed, 0 not applicable$/m)
  expect(status).toBe(1)
})

test.each([
  ['a misspelt capability', /there is no capability mutliProcess; there are push, /],
  ['no time to live', /`sessionTtlMs` must be 1000 or more/],
  ['nothing but a name', /`backend` .*`capabilities` .*`sessionTtlMs` .*`expiryMarginMs` .*`createSpace` /],
])('a harness that cannot be used, status 2: %s', async (oddity, message) => {
  const { status, stderr } = await conformanceOf(oddity)
  expect(stderr).toMatch(message)
  expect(status).toBe(2)
})

test('a package that can only be imported is found from the folder in which the command runs', async () => {
  const home = join(folder, 'node_modules', 'esm-only')
  await mkdir(home, { recursive: true })
  const exports = { '.': { import: './harness.js' } }
  await writeFile(join(home, 'package.json'), JSON.stringify({ name: 'esm-only', type: 'module', exports }))
  const { href } = pathToFileURL(join(fixtures, 'memory-harness.js'))
  await writeFile(join(home, 'harness.js'), `export { harness } from '${href}'`)
  const args = ['--driver', 'esm-only', '--only', 'posting/shown-at-once']
  expect(await conformanceIn(folder, args)).toMatchObject({ status: 0 })
})

test('the cases can be listed', async () => {
  const { status, stdout } = await conformance('--list', '--only', 'LIST-2')
  expect(status).toBe(0)
  expect(stdout).toMatch(/^(listing\/[a-z-]+ {2}LIST-2 {2}.+\n)+$/)
})

test.each([
  ['no driver', [], /required option '--driver <module>'/],
  ['a driver that cannot be loaded', ['--driver', './nowhere.js'], /Cannot find module/],
  ['a module without a harness', ['--driver', './lone-client.js'], /has no export `harness`/],
  ['a package that is not there', ['--driver', 'nowhere'], /Cannot find package 'nowhere'/],
  ['a seed that is no number', ['--driver', './memory-harness.js', '--seed', 'x'], /whole number/],
  ['no case at one time', ['--driver', './memory-harness.js', '--concurrency', '0'], /must be 1 or more/],
  ['a report into nowhere', ['--driver', './memory-harness.js', '--json', 'no/where.json'], /no such file/],
  [
    'a pattern that fits no case',
    ['--driver', './memory-harness.js', '--only', 'no such case'],
    /no case fits/,
  ],
  ['an unknown option', ['--driver', './memory-harness.js', '--skip', 'races'], /unknown option/],
])('wrong usage, status 2: %s', async (_, args, message) => {
  const { status, stderr } = await conformance(...args)
  expect(stderr).toMatch(message)
  expect(status).toBe(2)
})

test.each(['abc', '12abc', '-1', '1e3'])('a seed %s in the environment is refused', async seed => {
  const { status, stderr } = await conformanceIn(fixtures, ['--driver', './memory-harness.js'], {
    JOBBOARD_CONFORMANCE_SEED: seed,
  })
  expect(stderr).toContain(`JOBBOARD_CONFORMANCE_SEED must be a whole number, not '${seed}'`)
  expect(status).toBe(2)
})

test('help is no wrong usage', async () => {
  const { status, stdout } = await conformance('--help')
  expect(status).toBe(0)
  expect(stdout).toContain('--driver <module>')
})
