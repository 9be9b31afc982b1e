import { type Clock, contentHash, type DriverSink, priorityRank, type Timer } from '@jobboard/core/driver'
import type { Redis } from 'ioredis'
import { decodePosting, malformed } from './codec.js'
import type { Layout } from './layout.js'
import { driverError } from './redis-errors.js'
import type { Argument, Reply, ScriptName, Scripts } from './scripts.js'

/** So many entries are looked at by one script. */
const piece = 500

/** So often a call starts anew because others went on meanwhile; then it answers by the hints as they are. */
const mostRounds = 3

/** Brings the hints up to what other programs did: jobs of theirs are adopted, and what they removed is forgotten. */
export class Reconciling {
  readonly #client: Redis
  readonly #scripts: Scripts
  readonly #layout: Layout
  readonly #sink: DriverSink

  constructor(client: Redis, scripts: Scripts, layout: Layout, sink: DriverSink) {
    this.#client = client
    this.#scripts = scripts
    this.#layout = layout
    this.#sink = sink
  }

  /** Runs a script that says when the hints are behind. It gets a word in front of `args`: '' while they are to be checked. */
  async run(
    name: ScriptName,
    ids: readonly string[],
    args: (trust: '' | 'trust') => readonly Argument[],
    where: 'board' | 'trash' = 'board',
  ): Promise<Reply> {
    for (let round = 1; ; round++) {
      const reply = await this.#scripts.run(name, ids, args(round < mostRounds ? '' : 'trust'))
      if (reply[0] !== 'rescan') return reply
      await this.rescan(where)
    }
  }

  /** Looks again and again, for those who wait for what others do and tell nobody. Answers how to stop. */
  watch(clock: Clock, everyMs: number): () => void {
    let timer: Timer | undefined
    let stopped = false
    const next = (): void => {
      if (!stopped) timer = clock.setTimeout(() => void look(), everyMs).unref()
    }
    // Trouble is harmless here: whoever makes a call is told of it.
    const look = (): Promise<void> =>
      this.run('catchUp', [], trust => [trust])
        .catch(() => {})
        .then(next)
    if (everyMs > 0) next()
    return () => {
      stopped = true
      timer?.clear()
    }
  }

  /** Compares all that is there with all that is known. */
  async rescan(where: 'board' | 'trash'): Promise<void> {
    const { listings, trash, sequence, all, bin, bad } = this.#layout
    // First: what is posted from here on moves it further, and is found by the next look.
    const seen = where === 'board' ? ((await this.#ask(() => this.#client.get(sequence))) ?? '0') : ''
    const there = await this.#ask(() => this.#client.hkeys(where === 'board' ? listings : trash))
    await this.adopt(where, there)
    const known = await this.#ask(() => this.#client.zrange(where === 'board' ? all : bin, 0, '-1'))
    const unread = where === 'board' ? await this.#ask(() => this.#client.smembers(bad)) : []
    for (const ids of pieces([...known, ...unread]))
      await this.#scripts.run('prune', ids, [where, '', ...ids])
    await this.#scripts.run('prune', [], [where, seen])
  }

  /** Makes jobs of others known, as far as they are there and not known yet. */
  async adopt(where: 'board' | 'trash', there: readonly string[]): Promise<void> {
    for (const ids of pieces(there)) {
      const [, unknown] = await this.#scripts.run('sift', ids, [where, ...ids])
      const entries = (unknown as readonly (readonly [Buffer, Buffer])[]).map(describe)
      if (entries.length === 0) continue
      const args = entries.flatMap(entry => entry.args)
      const [, news] = await this.#scripts.run('adopt', ids, [where, ...args])
      const told = new Set((news as readonly Buffer[]).map(String))
      for (const { id, problem } of entries) if (told.has(id)) this.#sink.malformed(malformed(id, problem))
    }
  }

  async #ask<T>(request: () => Promise<T>): Promise<T> {
    try {
      return await request()
    } catch (error) {
      throw driverError(error, 'Redis did not answer')
    }
  }
}

/** What the hints must know of an entry. */
function describe([field, bytes]: readonly [Buffer, Buffer]): {
  readonly id: string
  readonly problem?: unknown
  readonly args: readonly Argument[]
} {
  const id = field.toString()
  try {
    const content = decodePosting(bytes)
    const { priority, sequence, name } = content
    return { id, args: [id, 1, priorityRank(priority), sequence, name, contentHash(content)] }
  } catch (problem) {
    return { id, problem, args: [id, 0, 0, 0, '', ''] }
  }
}

function pieces<T>(list: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(list.length / piece) }, (_, i) =>
    list.slice(i * piece, (i + 1) * piece),
  )
}
