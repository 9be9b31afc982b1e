import type { JobboardDriver } from '@jobboard/core/driver'
import { FakeClock, MemoryBackend, MemoryDriver } from '@jobboard/memory'
import type { Harness } from '../../src/harness.js'
import type { Law } from '../../src/laws.js'

/** A driver with one defect. */
export interface BrokenDriver {
  readonly name: string
  /** The laws that the defect breaks, named before the suite is run on it. */
  readonly laws: readonly Law[]
  /** Why it cannot show in one law alone; asked for when there are several. */
  readonly because?: string
  /** Called once for each board; makes the drivers of that board. */
  on(backend: MemoryBackend): () => JobboardDriver
}

/** The right driver, to be spoilt by overriding a member or two. */
export class Spoilt extends MemoryDriver {
  readonly backend: MemoryBackend

  constructor(backend: MemoryBackend) {
    super(() => backend)
    this.backend = backend
  }
}

/** Every driver of one kind. A class for each driver would make engines slower with every one of some thousands. */
export function each(Kind: new (backend: MemoryBackend) => JobboardDriver): BrokenDriver['on'] {
  return backend => () => new Kind(backend)
}

/** What the drivers of one board know together. */
export class Shared<S extends object> {
  readonly #make: () => S
  readonly #states = new WeakMap<MemoryBackend, S>()

  constructor(make: () => S) {
    this.#make = make
  }

  of(backend: MemoryBackend): S {
    const state = this.#states.get(backend) ?? this.#make()
    this.#states.set(backend, state)
    return state
  }
}

/**
 * Boards in memory. They are called durable here, since a backend outlives its drivers: so the cases that close or kill
 * every client are run too.
 */
export function harnessOf(driver: string, on: BrokenDriver['on']): Harness {
  return {
    driver,
    backend: 'memory',
    capabilities: ['push', 'durable'],
    sessionTtlMs: 3_000,
    expiryMarginMs: 100,
    async createSpace() {
      const time = new FakeClock()
      const backend = new MemoryBackend(time)
      const make = on(backend)
      return {
        config: null,
        time,
        driver: make,
        plantMalformed: async () => backend.plantMalformed(),
        dispose: async () => {},
      }
    },
  }
}

/** Lets everything happen that is on its way: the gap between a check and an act. */
export async function aMoment(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise(resolve => setImmediate(resolve))
}
