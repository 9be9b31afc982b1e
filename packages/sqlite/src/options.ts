import { fileURLToPath } from 'node:url'
import { type DriverUrl, numberOption, objectOption, parseOptions } from '@jobboard/core/driver'
import * as v from 'valibot'
import type { Database } from './engine.js'

/** Options of a board in a folder. `dir` or `database` is needed, not both. */
export type SqliteOptions = SqliteSettings & (InFolder | InDatabase)

export interface InFolder {
  /** The folder of the board, made if it is missing. On a local disk: SQLite's locks do not hold across a network. */
  readonly dir: string
  readonly database?: undefined
}

export interface InDatabase {
  readonly dir?: undefined
  /**
   * An open database of `node:sqlite` or `@photostructure/sqlite`, in a file. The board adds tables named `jobboard…`,
   * sets WAL, `synchronous` and a busy timeout of 0, and never closes it.
   */
  readonly database: Database
}

export interface SqliteSettings {
  /**
   * `FULL`: what was acknowledged survives a power cut. `NORMAL`: it survives the end of every process, but the last
   * commits before a power cut may be lost; several times as fast where the disk is slow to flush.
   *
   * @default 'FULL'
   */
  readonly synchronous?: 'FULL' | 'NORMAL'
  /** How often to look for changes made by other processes, in milliseconds. @default 25 */
  readonly pollMs?: number
  /** Which SQLite: Node's own or `@photostructure/sqlite`. @default Node's own where it has 3.51.3 or later */
  readonly engine?: 'builtin' | 'package'
}

const schema = v.strictObject({
  dir: v.optional(v.pipe(v.string('must be a path'), v.minLength(1, 'must not be empty'))),
  database: v.optional(objectOption<Database>('prepare', 'exec', 'location')),
  synchronous: v.optional(v.picklist(['FULL', 'NORMAL'], 'must be FULL or NORMAL')),
  pollMs: v.optional(numberOption(1, 1000)),
  engine: v.optional(v.picklist(['builtin', 'package'], 'must be builtin or package')),
})

const oneOfBoth = v.check<v.InferOutput<typeof schema>, string>(
  options => (options.dir === undefined) !== (options.database === undefined),
  'needs either dir or database',
)

/** @throws InvalidOptionsError */
export function parseSqliteOptions(options: unknown): SqliteOptions {
  return parseOptions(v.pipe(schema, oneOfBoth), options, 'sqlite') as SqliteOptions
}

/** `file:DIR`, relative or absolute and taken as it is, or the URL of a folder, `file:///abs/dir`. */
export function parseUrl(url: DriverUrl): Readonly<Record<string, unknown>> {
  return { ...url.query, dir: url.rest.startsWith('//') ? fileURLToPath(`file:${url.rest}`) : url.rest }
}
