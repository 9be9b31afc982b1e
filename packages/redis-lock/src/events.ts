import type { ChangeReason, Clock, DriverSink, JobChange, Timer } from '@jobboard/core/driver'
import type { Redis } from 'ioredis'
import { driverError } from './redis-errors.js'

type ToldChange = readonly [
  id: string,
  change: JobChange['change'],
  why: ChangeReason | '',
  name: string,
  owner: string,
  session: string,
]

/** What one script did. `due`: when the session of a claim that it made ends, 0 for none; both by the server's clock. */
interface Message {
  readonly now: number
  readonly due: number
  readonly changes: readonly ToldChange[]
}

export interface EventsHost {
  readonly sink: DriverSink
  readonly clock: Clock
  /** Sessions that this board opened and did not end: a claim of theirs that others ended is a reason for doubt. */
  readonly sessions: ReadonlySet<string>
  /** Does what time has made due, and answers when there is more: milliseconds from now. */
  sweep(): Promise<number | undefined>
}

/** How often an idle subscription proves that it is alive: a connection may be gone without a word. */
const heartbeatMs = 10_000

/** After a sweep that failed the next one is so much later. */
const troubledMs = 1_000

/**
 * Hears of changes, on a connection of its own that heals itself, and looks after sessions that run out.
 *
 * Nothing in Redis tells of a session that ends by itself. Every board hears when the sessions of claims end, and the first that
 * comes to that moment sweeps them; the scripts then tell everybody.
 */
export class Events {
  readonly #subscriber: Redis
  readonly #channel: string
  readonly #host: EventsHost
  #sweep: Timer | undefined
  #sweepAt = Number.POSITIVE_INFINITY
  #heartbeat: Timer | undefined
  #stopped = false

  constructor(subscriber: Redis, channel: string, host: EventsHost) {
    this.#subscriber = subscriber
    this.#channel = channel
    this.#host = host
  }

  /** The subscriber is connected. Resolves once nothing is missed any more. */
  async start(nextChangeInMs: number | undefined): Promise<void> {
    this.#subscriber.on('message', (_, message) => this.#heard(JSON.parse(message)))
    await this.#subscriber.subscribe(this.#channel)
    this.#subscriber.on('ready', () => void this.#again())
    this.#beat()
    this.#sweepIn(nextChangeInMs)
  }

  stop(): void {
    this.#stopped = true
    this.#sweep?.clear()
    this.#heartbeat?.clear()
  }

  /** The connection is back. What was told meanwhile is lost. */
  async #again(): Promise<void> {
    try {
      await this.#subscriber.subscribe(this.#channel)
    } catch (error) {
      if (this.#stopped) return
      this.#host.sink.trouble(driverError(error, 'Cannot listen for changes') as Error)
      this.#subscriber.disconnect(true)
      return
    }
    this.#sweepIn(0)
    this.#host.sink.gap()
  }

  #heard({ now, due, changes }: Message): void {
    if (this.#stopped) return
    if (due > 0) this.#sweepIn(due - now)
    const { sink, sessions } = this.#host
    if (
      changes.some(([, , why, , , session]) => (why === 'lost' || why === 'forced') && sessions.has(session))
    )
      sink.doubt()
    sink.changed(changes.map(changeOf))
  }

  /** The earliest moment counts. */
  #sweepIn(delayMs: number | undefined): void {
    if (delayMs === undefined || this.#stopped) return
    const { clock } = this.#host
    const at = clock.monotonic() + Math.max(1, delayMs)
    if (at >= this.#sweepAt) return
    this.#sweep?.clear()
    this.#sweepAt = at
    this.#sweep = clock.setTimeout(() => void this.#sweepNow(), Math.max(1, delayMs)).unref()
  }

  async #sweepNow(): Promise<void> {
    this.#sweepAt = Number.POSITIVE_INFINITY
    try {
      this.#sweepIn(await this.#host.sweep())
    } catch {
      // Harmless: every other call sweeps too, and whoever makes one is told of the trouble.
      this.#sweepIn(troubledMs)
    }
  }

  #beat(): void {
    if (this.#stopped) return
    this.#heartbeat = this.#host.clock
      .setTimeout(() => {
        // The command's time limit turns silence into an error.
        if (this.#subscriber.status === 'ready')
          this.#subscriber.ping().catch(() => this.#stopped || this.#subscriber.disconnect(true))
        this.#beat()
      }, heartbeatMs)
      .unref()
  }
}

function changeOf([jobId, change, why, name, owner]: ToldChange): JobChange {
  return {
    jobId,
    change,
    ...(why === '' ? {} : { why }),
    ...(name === '' ? {} : { name }),
    ...(owner === '' ? {} : { owner }),
  }
}
