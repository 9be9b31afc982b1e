import type { Database } from '../src/index.js'

export interface Engine {
  readonly DatabaseSync: new (path: string, options?: { timeout?: number; readOnly?: boolean }) => Database
}

/** The engine that the driver takes in this Node.js: a second build on the same file in one process would break its locks. */
export async function openEngine(): Promise<Engine> {
  const builtin = process.getBuiltinModule('node:sqlite') as Engine | undefined
  return builtin ?? ((await import('@photostructure/sqlite')) as unknown as Engine)
}
