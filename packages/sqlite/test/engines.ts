import type { Database, Value } from '../src/index.js'

export interface EngineOptions {
  readonly timeout?: number
  readonly readOnly?: boolean
  readonly readBigInts?: boolean
  readonly returnArrays?: boolean
}

export interface Engine {
  readonly DatabaseSync: new (path: string, options?: EngineOptions) => Database
}

/** The engine that the driver takes in this Node.js: a second build on the same file in one process would break its locks. */
export async function openEngine(): Promise<Engine> {
  const builtin = process.getBuiltinModule('node:sqlite') as Engine | undefined
  return builtin ?? ((await import('@photostructure/sqlite')) as unknown as Engine)
}

/** The same database, in which one statement fails whenever `fault` says so. */
export function failing(database: Database, sql: string, fault: () => Error | undefined): Database {
  return over(database, 'prepare', (text: string) => {
    const statement = database.prepare(text)
    if (text !== sql) return statement
    return over(statement, 'run', (...values: readonly Value[]) => {
      const error = fault()
      if (error !== undefined) throw error
      return statement.run(...values)
    })
  })
}

/** An error as SQLite's, by its result code. */
export function sqliteError(errcode: number): Error {
  return Object.assign(new Error(`code ${errcode}`), { code: 'ERR_SQLITE_ERROR', errcode })
}

function over<T extends object>(target: T, member: keyof T, replacement: unknown): T {
  return new Proxy(target, {
    get(_, key) {
      if (key === member) return replacement
      const value: unknown = Reflect.get(target, key)
      return typeof value === 'function' && key !== 'constructor' ? value.bind(target) : value
    },
  })
}
