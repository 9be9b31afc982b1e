import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { fetchBoard, type Jobboard } from '@jobboard/core'
import { onTestFinished } from 'vitest'

export const main: string = fileURLToPath(new URL('../dist/main.js', import.meta.url))
const here = fileURLToPath(new URL('.', import.meta.url))

export interface Ended {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly input?: string | Buffer
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

/** A running `jobboard`. It is killed when its test ends. */
export class Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  stdout = ''
  stderr = ''

  constructor(args: readonly string[], { input, env, cwd }: RunOptions = {}) {
    const inherited = { ...process.env, JOBBOARD_URL: undefined, NO_COLOR: undefined, FORCE_COLOR: undefined }
    this.child = spawn(process.execPath, [main, ...args], { cwd, env: { ...inherited, ...env } })
    this.child.stdout?.setEncoding('utf8').on('data', text => {
      this.stdout += text
    })
    this.child.stderr?.setEncoding('utf8').on('data', text => {
      this.stderr += text
    })
    this.child.stdin?.on('error', () => {})
    if (input !== undefined) this.child.stdin?.end(input)
    this.ended = once(this.child, 'close').then(([status, signal]) => {
      return { status, signal, stdout: this.stdout, stderr: this.stderr }
    })
    onTestFinished(() => void this.child.kill('SIGKILL'))
  }

  get pid(): number {
    return this.child.pid ?? 0
  }

  /** The JSON lines of stdout so far. */
  events(): readonly Event[] {
    const whole = this.stdout.slice(0, this.stdout.lastIndexOf('\n') + 1)
    return jsonLines(whole) as readonly unknown[] as readonly Event[]
  }

  /** The first event of that kind, as soon as there is one. */
  event(kind: string, times = 1): Promise<Event> {
    return until(`${times} ${kind} events; stderr: ${this.stderr}`, () => {
      return this.events().filter(({ event }) => event === kind)[times - 1]
    })
  }
}

export interface Event {
  readonly event: string
  readonly owner: string
  readonly job: Readonly<Record<string, unknown>>
}

/** Runs `jobboard` to its end. */
export function jobboard(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return new Running(args, { input: '', ...options }).ended
}

export function jsonLines(text: string): readonly Record<string, unknown>[] {
  const lines = text.split('\n').filter(line => line !== '')
  return lines.map(line => JSON.parse(line))
}

/** A folder that is gone after the test. */
export async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'jobboard-cli-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A new board on disk: its URL, and this process's own view of it. */
export async function newBoard(query = ''): Promise<{ readonly url: string; readonly board: Jobboard }> {
  const url = `file:${join(await tempFolder(), 'board')}${query}`
  const board = await fetchBoard('test', url, { from: here, owner: 'the test' })
  onTestFinished(() => board.close())
  return { url, board }
}

/** Tries until there is an answer, and throws at the deadline. */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  withinMs = 15_000,
): Promise<T> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`)
    await sleep(20)
  }
}
