import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

interface Ran {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

function fileOf(command: 'bench' | 'soak'): string {
  return fileURLToPath(new URL(`../dist/${command}.js`, import.meta.url))
}

/** Lines of the process table that speak of a board below this folder. */
async function workersOn(dir: string): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'args='])
  return stdout.split('\n').filter(line => line.includes(' work ') && line.includes(`file:${dir}`))
}

/** Runs a built command of this package, with arguments that hold no spaces, to its end. */
function ran(command: 'bench' | 'soak', args: string): Promise<Ran> {
  return new Promise(resolve => {
    execFile(process.execPath, [fileOf(command), ...args.split(' ')], (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr }),
    )
  })
}

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'jobboard-benchmarks-'))
})
afterEach(() => rm(dir, { recursive: true }))

describe('soak', () => {
  it('ends content with every job consumed once, though workers are killed', {
    timeout: 120_000,
  }, async () => {
    const { status, stdout } = await ran(
      'soak',
      `--jobs 60 --workers 3 --kill-every 2000 --work 300 --dir ${dir}`,
    )
    expect(stdout).toContain('every job was consumed once, none is left')
    expect(status).toBe(0)
    expect(Number(/^kills: (\d+)$/m.exec(stdout)?.[1])).toBeGreaterThan(0)
    expect(await readdir(dir)).toEqual([])
  })

  it('fails when jobs are left, and keeps the evidence', { timeout: 60_000 }, async () => {
    const { status, stdout } = await ran('soak', `--jobs 2000 --workers 1 --seconds 2 --dir ${dir}`)
    expect(status).toBe(1)
    expect(stdout).toContain('not done after 2000 ms')
    const [folder = ''] = await readdir(dir)
    expect(await readFile(join(dir, folder, 'problems.txt'), 'utf8')).toContain('left over: ')
  })

  it('leaves no worker behind when it is interrupted', { timeout: 60_000 }, async () => {
    const soak = spawn(process.execPath, [fileOf('soak'), '--jobs', '2000', '--workers', '2', '--dir', dir])
    const exit = once(soak, 'exit')
    await vi.waitFor(async () => expect((await workersOn(dir)).length).toBeGreaterThan(0), 30_000)
    soak.kill('SIGTERM')
    expect(await exit).toEqual([1, null])
    expect(await workersOn(dir)).toEqual([])
  })

  it('refuses what it does not know', async () => {
    expect(await ran('soak', '--workers four')).toMatchObject({ status: 2 })
    expect(await ran('soak', '--job 4')).toMatchObject({ status: 2 })
  })
})

describe('bench', () => {
  it('writes every sample to a file', { timeout: 120_000 }, async () => {
    const json = join(dir, 'figures.json')
    const { stdout } = await ran('bench', `sqlite --rounds 2 --dir ${dir} --json ${json}`)
    expect(stdout).toMatch(/sqlite: claim, consume.*jobs\/s.*ratio >= 1.5/)
    const { results } = JSON.parse(await readFile(json, 'utf8'))
    expect(results).toHaveLength(1)
    expect(results[0].samples).toHaveLength(2)
    expect(results[0].ratio).toBeGreaterThan(0)
  })

  it('refuses what it does not know', async () => {
    const { status, stderr } = await ran('bench', 'nonsense')
    expect(status).toBe(2)
    expect(stderr).toContain('which benchmarks to run')
  })
})
