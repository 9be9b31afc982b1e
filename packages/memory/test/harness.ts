import type { Harness } from '@jobboard/conformance-tests'
import { FakeClock, MemoryBackend, type MemoryOptions, memory } from '@jobboard/memory'

/** Each space is a backend of its own, on a clock of its own that the case turns. */
export function memoryHarness(driver: string, options: Pick<MemoryOptions, 'claimNext'> = {}): Harness {
  return {
    driver,
    backend: `Node ${process.versions.node}`,
    capabilities: memory().info.capabilities,
    sessionTtlMs: 3_000,
    expiryMarginMs: 100,
    async createSpace() {
      const time = new FakeClock()
      const backend = new MemoryBackend(time)
      return {
        config: null,
        time,
        driver: () => memory({ ...options, backend }),
        plantMalformed: async () => backend.plantMalformed('not-a-posting'),
        dispose: async () => {},
      }
    },
  }
}
