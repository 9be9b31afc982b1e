import { randomUUID } from 'node:crypto'
import type { BackendFacts, DriverEnvironment, DriverSink, PostAnswer, Posting } from '@jobboard/core/driver'
import type { MemoryBackend } from '@jobboard/memory'
import { type BrokenDriver, each, Spoilt } from './broken-driver.js'

/** Tells a restart: a driver that opens a board which no other driver has open. */
class Restarting extends Spoilt {
  readonly #opened: { count: number }
  readonly #restarted: () => void

  constructor(backend: MemoryBackend, opened: { count: number }, restarted: () => void) {
    super(backend)
    this.#opened = opened
    this.#restarted = restarted
  }

  override open(sink: DriverSink, environment: DriverEnvironment): Promise<BackendFacts> {
    if (this.#opened.count === 0) this.#restarted()
    this.#opened.count += 1
    return super.open(sink, environment)
  }

  override close(): Promise<void> {
    this.#opened.count -= 1
    return super.close()
  }
}

export const acknowledgedTooEarly: BrokenDriver = {
  name: 'what was posted last is forgotten when every process has ended',
  laws: ['POST-1'],
  on(backend) {
    const opened = { count: 0 }
    const forget = () => {
      const newest = [...backend.jobs.values()].at(-1)
      if (newest?.claim !== undefined || newest?.trash !== undefined) return
      if (newest !== undefined) newest.onBoard = false
      backend.jobs.delete(newest?.posting.id ?? '')
    }
    return () => new Restarting(backend, opened, forget)
  },
}

export const encodedAnew: BrokenDriver = {
  name: 'details are parsed and written anew',
  laws: ['POST-2'],
  on: each(
    class extends Spoilt {
      override post(postings: readonly Posting[]): Promise<readonly PostAnswer[]> {
        return super.post(postings.map(one => ({ ...one, details: JSON.stringify(JSON.parse(one.details)) })))
      }
    },
  ),
}

export const postedTwice: BrokenDriver = {
  name: 'posting an id again makes a second job',
  laws: ['POST-3'],
  on: each(
    class extends Spoilt {
      override async post(postings: readonly Posting[]): Promise<readonly PostAnswer[]> {
        const answers = await super.post(postings)
        const again = postings.filter((_, i) => answers[i]?.kind === 'same')
        await super.post(again.map(posting => ({ ...posting, id: randomUUID() })))
        return answers
      }
    },
  ),
}

export const conflictNotNoticed: BrokenDriver = {
  name: 'other content under a known id is taken for the same',
  laws: ['POST-3'],
  on: each(
    class extends Spoilt {
      override post(postings: readonly Posting[]): Promise<readonly PostAnswer[]> {
        return super.post(
          postings.map(posting => ({ ...posting, hash: this.#hashThere(posting.id) ?? posting.hash })),
        )
      }

      #hashThere(id: string): string | undefined {
        return (this.backend.jobs.get(id)?.posting ?? this.backend.removedReceipt(id))?.hash
      }
    },
  ),
}

export const batchSpoilt: BrokenDriver = {
  name: 'a batch ends at the first posting that is there already',
  laws: ['POST-4'],
  on: each(
    class extends Spoilt {
      override async post(postings: readonly Posting[]): Promise<readonly PostAnswer[]> {
        const known = postings.findIndex(({ id }) => this.backend.jobs.has(id))
        const done = await super.post(known < 0 ? postings : postings.slice(0, known + 1))
        const last = done.at(-1)
        return postings.map((_, i) => done[i] ?? last ?? { kind: 'conflict' })
      }
    },
  ),
}

export const longNamesCut: BrokenDriver = {
  name: 'long names are cut',
  laws: ['POST-5'],
  on: each(
    class extends Spoilt {
      override post(postings: readonly Posting[]): Promise<readonly PostAnswer[]> {
        return super.post(postings.map(posting => ({ ...posting, name: posting.name.slice(0, 200) })))
      }
    },
  ),
}

export const tooEarly: BrokenDriver = {
  name: 'a job posted for later is claimable after half of the time',
  laws: ['POST-6'],
  on: each(
    class extends Spoilt {
      override post(postings: readonly Posting[]): Promise<readonly PostAnswer[]> {
        return super.post(postings.map(posting => ({ ...posting, delayMs: posting.delayMs / 2 })))
      }
    },
  ),
}

export const idsTakenAlike: BrokenDriver = {
  name: 'ids that differ in case are taken for one',
  laws: ['POST-3'],
  on: each(
    class extends Spoilt {
      override post(postings: readonly Posting[]): Promise<readonly PostAnswer[]> {
        return super.post(
          postings.map(posting => ({ ...posting, id: this.#alike(posting.id) ?? posting.id })),
        )
      }

      #alike(id: string): string | undefined {
        const small = id.toLowerCase()
        return [...this.backend.jobs.keys()].find(there => there.toLowerCase() === small)
      }
    },
  ),
}

export const createdByTheHour: BrokenDriver = {
  name: 'createdOn is cut to whole hours',
  laws: ['POST-2'],
  on(backend) {
    const put = backend.put.bind(backend)
    const hour = 3_600_000
    backend.put = (posting, createdOn, ...rest) => put(posting, Math.floor(createdOn / hour) * hour, ...rest)
    return () => new Spoilt(backend)
  },
}
