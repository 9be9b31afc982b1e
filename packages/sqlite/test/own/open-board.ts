import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type ClaimGrant,
  type Clock,
  contentHash,
  type DriverEnvironment,
  type DriverSink,
  type JobboardDriver,
  type JobChange,
  type MalformedEntry,
  type Posting,
  systemClock,
  type WishAnswer,
} from '@jobboard/core/driver'
import { onTestFinished } from 'vitest'
import { type Database, type SqliteOptions, sqlite } from '../../src/index.js'
import { openEngine } from '../engines.js'

/** A new folder, removed when the test has finished. */
export function freshDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'jobboard-sqlite-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** What a driver told its sink. */
export interface Told {
  readonly changes: JobChange[]
  /** How many changes each call told. */
  readonly bursts: number[]
  readonly malformed: MalformedEntry[]
  readonly troubles: Error[]
  gaps: number
  doubts: number
}

export interface OpenBoard {
  readonly driver: JobboardDriver
  readonly told: Told
  readonly scope: string
}

/** An open driver without a board object around it, closed when the test has finished. */
export async function openBoard(
  options: SqliteOptions,
  over: Partial<DriverEnvironment> = {},
  listeners: Partial<DriverSink> = {},
): Promise<OpenBoard> {
  const told: Told = { changes: [], bursts: [], malformed: [], troubles: [], gaps: 0, doubts: 0 }
  const driver = sqlite(options)
  onTestFinished(() => driver.close())
  const sink = {
    changed: (changes: readonly JobChange[]) => {
      told.changes.push(...changes)
      told.bursts.push(changes.length)
      listeners.changed?.(changes)
    },
    gap: () => void told.gaps++,
    doubt: () => void told.doubts++,
    malformed: (entry: MalformedEntry) => {
      told.malformed.push(entry)
      listeners.malformed?.(entry)
    },
    trouble: (error: Error) => void told.troubles.push(error),
  }
  const { scope } = await driver.open(sink, environment(over))
  return { driver, told, scope }
}

export function environment(over: Partial<DriverEnvironment> = {}): DriverEnvironment {
  const quiet = (): void => {}
  return {
    label: 'test',
    clock: systemClock,
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    callTimeoutMs: 5_000,
    rememberMs: 60_000,
    refreshMs: 30_000,
    newId: randomUUID,
    ...over,
  }
}

export function posting(over: Partial<Posting> = {}): Posting {
  const content = { name: 'job', priority: 'NORMAL' as const, details: '{}', ...over }
  return { id: randomUUID(), delayMs: 0, ...content, hash: contentHash(content) }
}

export function postings(count: number, over: Partial<Posting> = {}): readonly Posting[] {
  return Array.from({ length: count }, () => posting(over))
}

/** A second connection to a board's file, as an operator may have one; closed when the test has finished. */
export async function operator(dir: string): Promise<Database> {
  const { DatabaseSync } = await openEngine()
  const database = new DatabaseSync(join(dir, 'board.db'), { timeout: 5_000 })
  onTestFinished(() => database.close())
  return database
}

/** Claims whatever comes next, at most so many, in a session of its own. */
export async function claimSome(
  driver: JobboardDriver,
  count: number,
  { ttlMs = 60_000 }: { readonly ttlMs?: number } = {},
): Promise<{ readonly session: { readonly id: string }; readonly grants: readonly ClaimGrant[] }> {
  const { session } = await driver.startSession({ id: randomUUID(), ttlMs })
  const wishes = Array.from({ length: count }, () => ({ claimId: randomUUID(), owner: 'claimer' }))
  const answers = (await driver.claimNext?.(session, wishes)) ?? []
  return { session, grants: answers.filter(isGrant) }
}

function isGrant(answer: WishAnswer): answer is ClaimGrant {
  return answer.kind === 'claimed'
}

/** Tries until the condition holds, or throws with `what` after so long. */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  withinMs = 10_000,
): Promise<void> {
  const deadline = performance.now() + withinMs
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

/** The real clock, whose timers fire only when they are told to. */
export function heldClock(): Clock & { fire(): void } {
  let due: (() => void)[] = []
  const setTimeout: Clock['setTimeout'] = callback => {
    due.push(callback)
    const timer = {
      clear: () => {
        due = due.filter(other => other !== callback)
      },
      unref: () => timer,
    }
    return timer
  }
  return {
    ...systemClock,
    setTimeout,
    fire: () => {
      const now = due
      due = []
      for (const callback of now) callback()
    },
  }
}
