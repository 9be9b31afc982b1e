import { mkdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { DriverError } from '@jobboard/core/driver'
import { fileName } from './layout.js'
import type { SqliteOptions } from './options.js'
import { fileAt } from './place.js'
import { driverError } from './sqlite-errors.js'

/** The part of a database of `node:sqlite` that the driver uses. `@photostructure/sqlite` has the same. */
export interface Database {
  prepare(sql: string): Statement
  exec(sql: string): void
  close(): void
  location(): string | null
  readonly isTransaction: boolean
}

/** The part of a prepared statement that the driver uses. */
export interface Statement {
  run(...values: readonly Value[]): unknown
  get(...values: readonly Value[]): unknown
  all(...values: readonly Value[]): readonly unknown[]
  setReadBigInts(enabled: boolean): unknown
  /** Missing in older versions, which return objects only. */
  setReturnArrays?(enabled: boolean): unknown
}

/** What the driver binds to a statement. */
export type Value = string | number | bigint | null

/** A database that `open` found or made, and how to let go of it. */
export interface OpenDatabase {
  readonly database: Database
  /** Name and version of the engine, for people. */
  readonly server: string
  readonly path: string | null
  close(): void
}

/** A statement whose rows are objects with numbers, however the database was opened. */
export function prepared(database: Database, sql: string): Statement {
  const statement = database.prepare(sql)
  statement.setReadBigInts(false)
  statement.setReturnArrays?.(false)
  return statement
}

interface Engine {
  /** Name and version, for people. */
  readonly label: string
  /** What its databases are made by, as they tell. */
  readonly build: unknown
  readonly DatabaseSync: new (path: string, options: { readonly timeout: number }) => Database
}

/** Before this one, SQLite can damage a file when two connections write and checkpoint at once (the WAL-reset bug). */
const leastVersion = [3, 51, 3] as const

/** Opens the board's file, made if it is missing, or takes the database that was passed in. */
export async function openDatabase(options: SqliteOptions): Promise<OpenDatabase> {
  try {
    if (options.database !== undefined) return adopted(options.database)
    await mkdir(options.dir, { recursive: true })
    return opened(join(await realpath(options.dir), fileName), await findEngine(options.engine))
  } catch (error) {
    throw driverError(error, `Cannot open the board in ${options.dir ?? 'the database that was passed in'}`)
  }
}

function adopted(database: Database): OpenDatabase {
  const version = versionOf(database)
  checkVersion(version, 'the database that was passed in')
  const path = database.location()
  claimFile(path, database.constructor)
  return { database, server: `SQLite ${version}`, path, close: () => {} }
}

function opened(path: string, { label, build, DatabaseSync }: Engine): OpenDatabase {
  claimFile(path, build)
  const database = new DatabaseSync(path, { timeout: 0 })
  // Once more, since only now it is there for certain.
  claimFile(path, build)
  return { database, server: label, path, close: () => database.close() }
}

async function findEngine(wanted: SqliteOptions['engine']): Promise<Engine> {
  if (wanted === 'builtin')
    return builtin() ?? refuse('this Node.js has no node:sqlite; use Node.js 24 or later')
  if (wanted === 'package') return packaged()
  return usableBuiltin() ?? packaged()
}

function builtin(): Engine | undefined {
  const found = process.getBuiltinModule('node:sqlite') as Pick<Engine, 'DatabaseSync'> | undefined
  return found && checked('node:sqlite', found.DatabaseSync)
}

function usableBuiltin(): Engine | undefined {
  try {
    return builtin()
  } catch {
    // Too old; the package brings an SQLite of its own.
    return undefined
  }
}

async function packaged(): Promise<Engine> {
  try {
    const { DatabaseSync } = await import('@photostructure/sqlite')
    return checked('@photostructure/sqlite', DatabaseSync)
  } catch (error) {
    if (error instanceof DriverError) throw error
    throw new DriverError(
      'incompatible',
      `No SQLite of version ${leastVersion.join('.')} or later: node:sqlite of Node.js ${process.versions.node} is missing or older, ` +
        'and @photostructure/sqlite cannot be loaded; run: npm install @photostructure/sqlite@1',
      { cause: error },
    )
  }
}

/** Asked before any file is opened with it. */
function checked(name: string, DatabaseSync: Engine['DatabaseSync']): Engine {
  const database = new DatabaseSync(':memory:', { timeout: 0 })
  try {
    const version = versionOf(database)
    checkVersion(version, name)
    return { label: `SQLite ${version} (${name})`, build: database.constructor, DatabaseSync }
  } finally {
    database.close()
  }
}

function versionOf(database: Database): string {
  return (prepared(database, 'SELECT sqlite_version() AS version').get() as { version: string }).version
}

export function checkVersion(version: string, what: string): void {
  const parts = version.split('.').map(Number)
  const differing = leastVersion.findIndex((least, place) => parts[place] !== least)
  const newer = differing === -1 || (parts[differing] ?? 0) > (leastVersion[differing] ?? 0)
  if (!newer) refuse(`${what} is SQLite ${version}; a board needs ${leastVersion.join('.')} or later`)
}

/** Files that boards of this process ever had open, for all copies of this package in it. */
const key = Symbol.for('@jobboard/sqlite/files')
const shared = globalThis as { [key]?: Map<string, unknown> }

/**
 * Notes that this build of SQLite has the file open. A second build in the same process is refused: the two do not know
 * of each other's locks, and closing one file would silently drop those of the other. For good, since a closed database
 * of `@photostructure/sqlite` keeps its file open until its statements are garbage. Other threads are not seen.
 */
function claimFile(path: string | null, build: unknown): void {
  const file = path === null ? undefined : fileAt(path)
  if (file === undefined) return
  // By whatever name it was opened. With its birth, since numbers of deleted files are used again.
  const id = `${file.dev}:${file.ino}:${file.birthtimeNs}`
  shared[key] ??= new Map()
  const known = shared[key].get(id) ?? build
  if (known !== build)
    refuse(`${path} is open in this process with another build of SQLite; use one engine for it`)
  shared[key].set(id, build)
}

function refuse(message: string): never {
  throw new DriverError('incompatible', message)
}
