import assert from 'node:assert/strict'
import { type JobboardErrorCode, priorities } from '@jobboard/core'
import type { Client, JobView, World } from '../world.js'

/** An error as a case meets it: of this process or of a client's. */
export interface Refusal extends Error {
  readonly code: JobboardErrorCode
  readonly owner?: string
}

/** The error of a call that must be refused, with one of these codes. */
export async function refusal(
  call: Promise<unknown>,
  ...codes: readonly [JobboardErrorCode, ...JobboardErrorCode[]]
): Promise<Refusal> {
  const outcome = await outcomeOf(call)
  if (outcome.error === undefined) assert.fail(`expected ${codes.join(' or ')}, but the call succeeded`)
  const error = outcome.error as Refusal
  if (!codes.includes(error.code)) throw error
  return error
}

/** How a call ended, without throwing. */
export type Outcome<T> =
  | { readonly value: T; readonly error?: undefined }
  | { readonly value?: undefined; readonly error: Error }

export function outcomeOf<T>(call: Promise<T>): Promise<Outcome<T>> {
  return call.then(
    value => ({ value }),
    error => ({ error }),
  )
}

/** Closes a client's board. How well it closes is the matter of FAULT-5 alone. */
export async function leave(client: Client): Promise<void> {
  await outcomeOf(client.close())
}

/** Starts a call that is awaited later. Should its case fail before that, its own failure is no news. */
export function begun<T>(call: Promise<T>): Promise<T> {
  call.catch(() => {})
  return call
}

/**
 * Waits for a call that needs time to pass, and for no more than so long. Every call whose client has a fault is
 * awaited here: core pauses between two sends, and where time is turned nobody else turns it.
 */
export async function arrival<T>(
  world: World,
  what: string,
  call: Promise<T>,
  withinMs: number = 3 * world.takeoverMs,
): Promise<T> {
  let outcome: Outcome<T> | undefined
  const ended = outcomeOf(call).then(reached => {
    outcome = reached
    return reached
  })
  // The call itself ends the wait, so that real time is not spent on looks; the looks turn the time, and end it.
  const { error, value } = await Promise.race([
    ended,
    world.eventually(what, async () => outcome, { withinMs }),
  ])
  if (error !== undefined) throw error
  return value as T
}

/** Like `refusal`, for a call that needs time to pass. */
export function lateRefusal(
  world: World,
  what: string,
  call: Promise<unknown>,
  ...codes: readonly [JobboardErrorCode, ...JobboardErrorCode[]]
): Promise<Refusal> {
  return refusal(arrival(world, what, call), ...codes)
}

export function idsOf(jobs: readonly { readonly id: string }[]): string[] {
  return jobs.map(job => job.id)
}

export function namesOf(jobs: readonly { readonly name: string }[]): string[] {
  return jobs.map(job => job.name)
}

/** Names that a sloppy comparison takes for each other. */
export const alikeNames: readonly string[] = ['red', 'Red', 'RED', 'red ', 'r\u00e9d', 're\u0301d']

/** The numbers from 0 up to, but not including, `count`. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}

/** Posts so many jobs of all priorities, all in flight. */
export function postMany(client: Client, count: number): Promise<readonly JobView[]> {
  return Promise.all(
    upTo(count).map(i => client.post(`kind ${i % 7}`, { priority: priorities[i % 5] ?? 'LOW' })),
  )
}

/** Backend clocks and ours differ by less than so much; who counts in other units is further off. */
const clockDifferenceMs = 60_000

/** That a time told by the backend, in milliseconds since 1970, is one between two others by our clock. */
export function assertTimely(at: number, fromMs: number, untilMs: number): void {
  const isTimely = at >= fromMs - clockDifferenceMs && at <= untilMs + clockDifferenceMs
  assert.ok(isTimely, `${at} is not about the time from ${fromMs} to ${untilMs}`)
}

/** How long it took from `begin`, which makes a job wait, until a client could claim that job. */
export async function timeUntilClaimed(
  world: World,
  begin: () => Promise<{ readonly id: string }>,
  client: Client,
): Promise<number> {
  const clock = world.clock()
  const began = clock.monotonic()
  const { id } = await begin()
  await world.eventually('its time comes', () => client.claim(id), { withinMs: world.takeoverMs })
  return clock.monotonic() - began
}

/** So much of a delay too early is no breach: each driver states how well its clock agrees with others (POST-6). */
const clockBound = 0.1

export function assertDelayed(waitedMs: number, delayMs: number): void {
  assert.ok(
    waitedMs >= delayMs * (1 - clockBound),
    `claimable after ${Math.round(waitedMs)} ms of ${delayMs}`,
  )
}
