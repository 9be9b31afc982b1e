import type { BackendFacts, DriverEnvironment, DriverSink, JobChange } from '@jobboard/core/driver'
import type { MemoryBackend } from '@jobboard/memory'
import { type BrokenDriver, Spoilt } from './broken-driver.js'

/** Pushes something else than what happened, or at another time. */
class Mispushing extends Spoilt {
  readonly #push: Push

  constructor(backend: MemoryBackend, push: Push) {
    super(backend)
    this.#push = push
  }

  override open(sink: DriverSink, environment: DriverEnvironment): Promise<BackendFacts> {
    const changed = (changes: readonly JobChange[]) => this.#push(changes, sink)
    return super.open({ ...sink, changed }, environment)
  }
}

type Push = (changes: readonly JobChange[], sink: DriverSink) => void

function pushing(push: Push): BrokenDriver['on'] {
  return backend => () => new Mispushing(backend, push)
}

export const eventsDropped: BrokenDriver = {
  name: 'the watch drops events',
  laws: ['WATCH-1'],
  on: pushing((changes, sink) => sink.changed(changes.filter(({ change }) => change !== 'claimed'))),
}

export const eventsOvertaken: BrokenDriver = {
  name: 'the watch tells of claims after what came later',
  laws: ['WATCH-1'],
  on: pushing((changes, sink) => {
    for (const one of changes) {
      if (one.change === 'claimed') setTimeout(() => sink.changed([one]), 30)
      else sink.changed([one])
    }
  }),
}

export const wrongReasons: BrokenDriver = {
  name: 'the watch tells that a job was lost when it was abandoned',
  laws: ['WATCH-1'],
  on: pushing((changes, sink) =>
    sink.changed(changes.map(one => (one.why === 'abandoned' ? { ...one, why: 'lost' } : one))),
  ),
}
