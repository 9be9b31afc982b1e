import type { DriverDefinition, JobboardDriver } from '@jobboard/core/driver'
import { parseSqliteOptions, parseUrl, type SqliteOptions } from './options.js'
import { SqliteDriver } from './sqlite-driver.js'

export type { Database, Statement, Value } from './engine.js'
export type { InDatabase, InFolder, SqliteOptions, SqliteSettings } from './options.js'

/**
 * The driver of a board in a folder of this machine. Opens nothing yet.
 *
 * @throws InvalidOptionsError
 */
export function sqlite(options: SqliteOptions): JobboardDriver {
  return new SqliteDriver(parseSqliteOptions(options))
}

/** For `fetchBoard`: `file:DIR`, or `{ board: 'sqlite', dir }`. */
export const driver: DriverDefinition = {
  name: 'sqlite',
  apiVersion: 1,
  schemes: ['file'],
  create: options => new SqliteDriver(parseSqliteOptions(options)),
  parseUrl,
}
