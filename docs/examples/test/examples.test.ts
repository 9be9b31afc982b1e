import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fetchBoard } from '@jobboard/core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

/** The examples of the pages do what the pages say, built and started as a reader would start them. */

const built = fileURLToPath(new URL('../dist/', import.meta.url))

interface Program {
  readonly process: ChildProcess
  readonly output: () => string
  /** Resolves with the exit status. */
  readonly ended: Promise<number | null>
}

function start(example: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Program {
  const child = spawn(process.execPath, [`${built}${example}.js`, ...args], {
    env: { ...process.env, ...env },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', chunk => {
      output += chunk
    })
  }
  const ended = once(child, 'close').then(([status]) => status as number | null)
  return { process: child, output: () => output, ended }
}

/** Takes the write lock of a board's file, as a process does that stands still in a commit; the answer gives it back. */
function lockBoard(dir: string): () => void {
  const ofDriver = createRequire(createRequire(import.meta.url).resolve('@jobboard/sqlite'))
  const { DatabaseSync } = ofDriver('@photostructure/sqlite')
  const database = new DatabaseSync(join(dir, 'board.db'))
  database.exec('BEGIN IMMEDIATE')
  return () => {
    database.exec('ROLLBACK')
    database.close()
  }
}

describe('examples', () => {
  let dir: string
  let started: Program[]

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'jobboard-examples-'))
    started = []
  })

  afterEach(async () => {
    for (const program of started) program.process.kill('SIGKILL')
    await Promise.all(started.map(program => program.ended))
    await rm(dir, { recursive: true })
  })

  const run = (example: string, args: readonly string[] = [dir], env: NodeJS.ProcessEnv = {}): Program => {
    const program = start(example, args, env)
    started.push(program)
    return program
  }

  it('producer and worker: the job is posted, worked and complete', async () => {
    const worker = run('worker')
    const producer = run('producer')
    expect(await producer.ended, producer.output()).toBe(0)
    expect(producer.output()).toMatch(/^posted resize as [0-9a-f-]{36}\nit is COMPLETE\n$/)
    expect(worker.output()).toBe('resizing holiday.png to 800 pixels\n')
    worker.process.kill('SIGTERM')
    expect(await worker.ended, worker.output()).toBe(0)
  })

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'worker: %s ends it, and what it has begun is done',
    async signal => {
      const worker = run('worker')
      await using board = await fetchBoard('test', `file:${dir}`, { from: import.meta.dirname })
      const job = await board.post('resize', { details: { file: 'a.png', width: 500 } })
      await vi.waitUntil(() => worker.output().includes('resizing'), { timeout: 10_000 })
      worker.process.kill(signal)
      expect(await worker.ended, worker.output()).toBe(0)
      expect(await job.wait({ timeoutMs: 0 })).toBe('COMPLETE')
    },
  )

  it('worker: outlives a board that is locked for longer than a request may take', async () => {
    const worker = run('worker')
    await using board = await fetchBoard('test', `file:${dir}`, { from: import.meta.dirname })
    const job = await board.post('resize', { details: { file: 'a.png', width: 1_000 } })
    await vi.waitUntil(() => worker.output().includes('resizing'), { timeout: 10_000 })
    const unlock = lockBoard(dir)
    await vi.waitUntil(() => worker.output().includes(job.id), { timeout: 20_000 })
    unlock()
    expect(await job.wait({ timeoutMs: 30_000 }), worker.output()).toBe('COMPLETE')
    worker.process.kill('SIGTERM')
    expect(await worker.ended, worker.output()).toBe(0)
  })

  it('by-url: the board is found by its URL', async () => {
    const program = run('by-url', [], { JOBBOARD_URL: `file:${dir}` })
    expect(await program.ended, program.output()).toBe(0)
    expect(program.output()).toBe('0 to do, 0 for later, 0 being done, 0 in the trash\n')
  })

  it('with-a-fake-clock: a claim is taken over without waiting', async () => {
    const program = run('with-a-fake-clock', [])
    expect(await program.ended, program.output()).toBe(0)
    expect(program.output()).toContain('continuing the work of slow (expired)')
  })
})
