import { randomUUID } from 'node:crypto'
import {
  type ClaimGrant,
  contentHash,
  type DriverEnvironment,
  type JobboardDriver,
  type JobChange,
  type MalformedEntry,
  type Posting,
  type SessionRef,
  systemClock,
  type WishAnswer,
} from '@jobboard/core/driver'
import { startServer, type TestServer } from '@jobboard/test-servers'
import { Redis } from 'ioredis'
import { onTestFinished } from 'vitest'
import { type RedisLockOptions, redisLock } from '../../src/index.js'

/** A server of the test's own, ended when the test has finished. */
export async function ownServer(settings: Readonly<Record<string, string>> = {}): Promise<TestServer> {
  const server = await startServer({ kind: 'redis', settings })
  onTestFinished(() => server[Symbol.asyncDispose]())
  return server
}

/** A client without a board, closed when the test has finished. */
export function plainClient(url: string): Redis {
  const redis = new Redis(url)
  redis.on('error', () => {})
  onTestFinished(() => redis.disconnect())
  return redis
}

/** What a driver told its sink. */
export interface Told {
  readonly changes: JobChange[]
  readonly malformed: MalformedEntry[]
  readonly troubles: Error[]
  gaps: number
  doubts: number
}

export interface OpenBoard {
  readonly driver: JobboardDriver
  readonly told: Told
  readonly scope: string
  readonly server: string
}

/** An open driver without a board object around it, closed when the test has finished. */
export async function openBoard(
  options: RedisLockOptions,
  over: Partial<DriverEnvironment> = {},
): Promise<OpenBoard> {
  const told: Told = { changes: [], malformed: [], troubles: [], gaps: 0, doubts: 0 }
  const driver = redisLock(options)
  onTestFinished(() => driver.close())
  const sink = {
    changed: (changes: readonly JobChange[]) => void told.changes.push(...changes),
    gap: () => void told.gaps++,
    doubt: () => void told.doubts++,
    malformed: (entry: MalformedEntry) => void told.malformed.push(entry),
    trouble: (error: Error) => void told.troubles.push(error),
  }
  return { driver, told, ...(await driver.open(sink, environment(over))) }
}

export function environment(over: Partial<DriverEnvironment> = {}): DriverEnvironment {
  const quiet = (): void => {}
  return {
    label: 'test',
    clock: systemClock,
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    callTimeoutMs: 1_000,
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

/** Claims whatever comes next, at most so many, in a session of its own. */
export async function claimSome(
  driver: JobboardDriver,
  count: number,
  { ttlMs = 60_000, owner = 'claimer' }: { readonly ttlMs?: number; readonly owner?: string } = {},
): Promise<{ readonly session: SessionRef; readonly grants: readonly ClaimGrant[] }> {
  const { session } = await driver.startSession({ id: randomUUID(), ttlMs })
  const wishes = Array.from({ length: count }, () => ({ claimId: randomUUID(), owner }))
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
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}
