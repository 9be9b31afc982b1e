import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Harness, Space } from '@jobboard/conformance-tests'
import { sqlite } from '../src/index.js'
import { plantMalformed } from './plant.js'

/** Each space is a folder of its own. The engine is the one that this Node.js takes by itself. */
export function sqliteHarness(): Harness {
  return {
    driver: 'sqlite',
    backend: `Node ${process.versions.node}`,
    capabilities: sqlite({ dir: '.' }).info.capabilities,
    sessionTtlMs: 2_000,
    expiryMarginMs: 500,
    clientModule: new URL('./client.mjs', import.meta.url),
    async createSpace(): Promise<Space> {
      const dir = mkdtempSync(join(tmpdir(), 'jobboard-sqlite-'))
      return {
        config: { dir },
        driver: () => sqlite({ dir }),
        plantMalformed: () => plantMalformed(dir, randomUUID()),
        dispose: async () => rmSync(dir, { recursive: true, force: true }),
      }
    },
  }
}
