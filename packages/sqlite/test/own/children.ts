import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const main = fileURLToPath(new URL('./child.mjs', import.meta.url))

/** The Node.js with an SQLite of its own that comes with this package's development dependencies. */
export const laterNode: string = createRequire(import.meta.url).resolve('node/bin/node')

export interface Child {
  readonly pid: number
  /** What it told so far. */
  readonly told: readonly unknown[]
  /** The next thing that it tells. */
  next(): Promise<unknown>
  write(line: string): void
  kill(signal?: NodeJS.Signals): void
  readonly ended: Promise<void>
}

/** Starts `child.mjs` with a verb; killed when the test has finished. */
export function child(verb: string, dir: string, argument = '', node: string = process.execPath): Child {
  const process_: ChildProcessByStdio<Writable, Readable, Readable> = spawn(
    node,
    ['--no-warnings', main, verb, dir, argument],
    {
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  )
  onTestFinished(() => void process_.kill('SIGKILL'))
  const told: unknown[] = []
  const waiting: { resolve: (value: unknown) => void; reject: (error: Error) => void }[] = []
  let read = 0
  let trouble = ''
  process_.stderr.on('data', text => {
    trouble += text
  })
  const lines = createInterface({ input: process_.stdout })
  lines.on('line', line => {
    told.push(JSON.parse(line))
    if (waiting.length > 0) waiting.shift()?.resolve(told[read++])
  })
  const ended = new Promise<void>(resolve => lines.once('close', resolve))
  void ended.then(() => {
    for (const { reject } of waiting) reject(new Error(`the child ended: ${trouble}`))
  })
  return {
    pid: process_.pid ?? 0,
    told,
    ended,
    next: () =>
      read < told.length
        ? Promise.resolve(told[read++])
        : new Promise((resolve, reject) => waiting.push({ resolve, reject })),
    write: line => void process_.stdin.write(`${line}\n`),
    kill: signal => void process_.kill(signal ?? 'SIGKILL'),
  }
}
