import type { Redis } from 'ioredis'
import { jobKeys, type Layout } from './layout.js'
import * as claiming from './lua/claiming.js'
import * as orders from './lua/orders.js'
import * as posting from './lua/posting.js'
import { prelude } from './lua/prelude.js'
import * as reading from './lua/reading.js'
import * as reconciling from './lua/reconciling.js'
import * as sessions from './lua/sessions.js'
import { driverError } from './redis-errors.js'

const modules = [claiming, orders, posting, reading, reconciling, sessions]

export type ScriptName =
  | keyof typeof claiming
  | keyof typeof orders
  | keyof typeof posting
  | keyof typeof reading
  | keyof typeof reconciling
  | keyof typeof sessions

/** What a script answers with, by its own account: a word, then whatever that word brings. */
// biome-ignore lint/suspicious/noExplicitAny: each caller knows the shape of its script's answer, and says so there.
export type Reply = readonly [word: string, ...rest: any[]]

export type Argument = string | number | Buffer

type Call = (...args: readonly Argument[]) => Promise<readonly [Buffer, ...unknown[]]>

/** Teaches a client the scripts. It sends a script whole the first time, and again after the server has forgotten it. */
export function defineScripts(client: Redis): void {
  for (const [name, lua] of modules.flatMap(module => Object.entries(module)))
    client.defineCommand(`jobboard_${name}`, { lua: prelude + lua })
}

/** Runs scripts, each one atomic step. */
export class Scripts {
  readonly #client: Redis
  readonly #board: string
  readonly #layout: Layout
  readonly #rememberMs: number

  constructor(client: Redis, board: string, layout: Layout, rememberMs: number) {
    this.#client = client
    this.#board = board
    this.#layout = layout
    this.#rememberMs = rememberMs
  }

  /**
   * `ids`: the jobs whose keys are known beforehand.
   *
   * A script that finds a great deal due does a piece of that, nothing of its own, and says so; then it is run again. @throws DriverError
   */
  async run(name: ScriptName, ids: readonly string[], args: readonly Argument[]): Promise<Reply> {
    const keys = [...this.#layout.keys, ...ids.flatMap(id => jobKeys(this.#board, id))]
    const call = (this.#client as unknown as Readonly<Record<string, Call>>)[`jobboard_${name}Buffer`] as Call
    for (;;) {
      let reply: readonly [Buffer, ...unknown[]]
      try {
        reply = await call.call(this.#client, keys.length, ...keys, this.#rememberMs, ...args)
      } catch (error) {
        throw driverError(error, 'Redis did not do it')
      }
      const [word, ...rest] = reply
      if (word.toString() !== 'more') return [word.toString(), ...rest]
    }
  }
}
