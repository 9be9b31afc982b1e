import type { BackendFacts, DriverEnvironment, DriverSink } from '@jobboard/core/driver'
import type { Redis } from 'ioredis'
import { connect, makeClient, serverOf } from './connection.js'
import { Events } from './events.js'
import { layoutOf } from './layout.js'
import type { RedisLockOptions } from './options.js'
import { Reconciling } from './reconciling.js'
import { driverError } from './redis-errors.js'
import { defineScripts, Scripts } from './scripts.js'

export interface BoardHost {
  readonly sink: DriverSink
  readonly environment: DriverEnvironment
  /** Sessions that the host has at this moment. */
  readonly sessions: ReadonlySet<string>
}

/** An open board: its two connections, and what works with them. */
export class Board {
  readonly facts: BackendFacts
  readonly sink: DriverSink
  readonly scripts: Scripts
  readonly reconciling: Reconciling
  readonly newId: () => string
  readonly #close: () => void

  private constructor(
    facts: BackendFacts,
    { sink, environment }: BoardHost,
    tools: { readonly scripts: Scripts; readonly reconciling: Reconciling; readonly close: () => void },
  ) {
    this.facts = facts
    this.sink = sink
    this.newId = environment.newId
    this.scripts = tools.scripts
    this.reconciling = tools.reconciling
    this.#close = tools.close
  }

  static async open(options: RedisLockOptions, host: BoardHost): Promise<Board> {
    const { sink, environment } = host
    const name = options.board ?? 'taskflow'
    const layout = layoutOf(name)
    const client = makeClient(options, environment)
    const subscriber = makeClient(options, environment)
    const scripts = new Scripts(client, name, layout, environment.rememberMs)
    const sweep = async (): Promise<Opened> => openedBy(await scripts.run('open', [], [environment.newId()]))
    const events = new Events(subscriber, layout.events, {
      ...{ sink, clock: environment.clock, sessions: host.sessions },
      sweep: async () => (await sweep()).nextChangeInMs,
    })
    const reconciling = new Reconciling(client, scripts, layout, sink)
    let stopWatching = (): void => {}
    const close = (): void => {
      stopWatching()
      events.stop()
      for (const one of [client, subscriber]) one.disconnect()
    }
    try {
      defineScripts(client)
      await Promise.all([connect(client, environment), connect(subscriber, environment)])
      const server = await serverOf(client)
      const { scope, nextChangeInMs } = await sweep()
      await events.start(nextChangeInMs)
      tellTrouble(subscriber, sink)
      stopWatching = reconciling.watch(environment.clock, options.foreignPollMs ?? 0)
      return new Board({ scope, server }, host, { scripts, reconciling, close })
    } catch (error) {
      close()
      throw driverError(error, 'Cannot open the board')
    }
  }

  close(): void {
    this.#close()
  }
}

interface Opened {
  readonly scope: string
  readonly nextChangeInMs: number | undefined
}

function openedBy(reply: readonly [string, ...unknown[]]): Opened {
  const [, scope, next] = reply
  return { scope: String(scope), nextChangeInMs: next === null ? undefined : Number(next) }
}

/** Of an outage only the beginning is told. */
function tellTrouble(subscriber: Redis, sink: DriverSink): void {
  let told = false
  subscriber.on('error', error => {
    if (!told) sink.trouble(driverError(error, 'The connection that hears of changes') as Error)
    told = true
  })
  subscriber.on('ready', () => {
    told = false
  })
}
