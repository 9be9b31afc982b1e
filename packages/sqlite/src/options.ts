import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type DriverUrl, numberOption, objectOption, parseOptions } from '@jobboard/core/driver'
import * as v from 'valibot'
import type { Database } from './engine.js'

/** Options of a board in a folder. `dir` or `database` is needed, not both. */
export type SqliteOptions = SqliteSettings & (InFolder | InDatabase)

/** A board in a file of its own. */
export interface InFolder {
  /** The folder of the board, made if it is missing; a relative one is resolved when the driver is made. On a local disk: SQLite's locks do not hold across a network. */
  readonly dir: string
  readonly database?: undefined
}

/** A board beside other tables, in a database that somebody else opened. */
export interface InDatabase {
  readonly dir?: undefined
  /**
   * An open database of `node:sqlite` or `@photostructure/sqlite`, in a file. The board adds tables named `jobboard…`,
   * sets WAL, `synchronous` and a busy timeout of 0, and never closes it.
   */
  readonly database: Database
}

/** What may be set wherever the board is. */
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
  /** Which SQLite opens the file: Node's own or `@photostructure/sqlite`. Not with `database`. @default Node's own where it has 3.51.3 or later */
  readonly engine?: 'builtin' | 'package'
}

const schema = v.strictObject({
  dir: v.optional(
    v.pipe(
      v.string('must be a path'),
      v.minLength(1, 'must not be empty'),
      v.transform(path => resolve(path)),
    ),
  ),
  database: v.optional(objectOption<Database>('prepare', 'exec', 'location')),
  synchronous: v.optional(v.picklist(['FULL', 'NORMAL'], 'must be FULL or NORMAL')),
  pollMs: v.optional(numberOption(1, 1000)),
  engine: v.optional(v.picklist(['builtin', 'package'], 'must be builtin or package')),
})

const oneOfBoth = v.check<v.InferOutput<typeof schema>, string>(
  options => (options.dir === undefined) !== (options.database === undefined),
  'needs either dir or database',
)

const engineOfOurs = v.check<v.InferOutput<typeof schema>, string>(
  options => options.database === undefined || options.engine === undefined,
  'engine must not be given together with database, which was opened by one already',
)

/** @throws InvalidOptionsError */
export function parseSqliteOptions(options: unknown): SqliteOptions {
  return parseOptions(v.pipe(schema, oneOfBoth, engineOfOurs), options, 'sqlite') as SqliteOptions
}

const folderUrl = v.strictObject({
  url: v.pipe(
    v.string(),
    v.check(url => folderOf(url) !== undefined, 'names no folder; write file:DIR or file:///absolute/dir'),
  ),
})

/** `file:DIR`, relative or absolute and taken as it is, or the URL of a folder, `file:///abs/dir`. @throws InvalidOptionsError */
export function parseUrl({ rest, query }: DriverUrl): Readonly<Record<string, unknown>> {
  const { url } = parseOptions(folderUrl, { url: `file:${rest}` }, 'sqlite')
  return { ...query, dir: folderOf(url) }
}

function folderOf(url: string): string | undefined {
  if (!url.startsWith('file://')) return url.slice('file:'.length)
  try {
    return fileURLToPath(url)
  } catch {
    // It has a host, or is no URL.
    return undefined
  }
}
