import { DriverError } from '@jobboard/core/driver'
import { type Database, prepared } from './engine.js'
import { schema, schemaVersion } from './layout.js'
import type { Transactions } from './transaction.js'

export interface Setup {
  readonly synchronous: 'FULL' | 'NORMAL'
  /** Whether the database was passed in, and may hold other tables. */
  readonly adopted: boolean
  readonly newId: () => string
}

/** The log is cut to this when it is used anew: one large transaction may have made it long. */
const logBytes = 16 * 1024 * 1024

/** Makes the board in this database, if it is not there yet, and answers with its scope. */
export async function setUp(database: Database, transactions: Transactions, setup: Setup): Promise<string> {
  await transactions.outside(() => transactions.sql('PRAGMA busy_timeout = 0').get())
  // A look first: what is refused stays as it is, and whoever opens a board that is there needs no lock.
  const found = await transactions.read(() => find(database, setup))
  await useLog(transactions, setup.synchronous)
  return found ?? transactions.write(() => make(database, setup))
}

/** The write-ahead log: without it, readers and the writer would wait for each other. */
async function useLog(transactions: Transactions, synchronous: 'FULL' | 'NORMAL'): Promise<void> {
  const ask = (pragma: string): Promise<unknown> => transactions.outside(() => transactions.sql(pragma).get())
  const { journal_mode: mode } = (await ask('PRAGMA journal_mode = WAL')) as { readonly journal_mode: string }
  if (mode !== 'wal') refuse(`SQLite keeps no write-ahead log here, but ${mode}; use a file on a local disk`)
  await ask(`PRAGMA synchronous = ${synchronous}`)
  await ask(`PRAGMA journal_size_limit = ${logBytes}`)
}

/** Many processes may do this at once: the first one makes the tables and the scope, the others find them. */
function make(database: Database, setup: Setup): string {
  const found = find(database, setup)
  if (found !== undefined) return found
  const scope = setup.newId()
  database.exec(schema)
  prepared(database, 'INSERT INTO jobboard VALUES (1, ?, ?, 0, 0)').run(schemaVersion, scope)
  return scope
}

/** The scope of the board in this database; nothing if there is none, and one can be made. */
function find(database: Database, { adopted }: Setup): string | undefined {
  const tables = namesIn(database, `SELECT name FROM sqlite_schema WHERE type = 'table'`)
  if (!tables.includes('jobboard')) {
    return adopted || tables.length === 0
      ? undefined
      : refuse('The file belongs to another program; use another folder')
  }
  const columns = namesIn(database, `SELECT name FROM pragma_table_info('jobboard')`)
  if (!columns.includes('version') || !columns.includes('scope'))
    refuse('The file has a table named jobboard that is not of a board; use another file')
  return checked(prepared(database, identity).get())
}

/** The scope, as it is stored at this moment. @throws DriverError when the tables were replaced by those of another version */
export function scopeNow(transactions: Transactions): string {
  return checked(transactions.sql(identity).get())
}

const identity = 'SELECT version, scope FROM jobboard'

function checked(row: unknown): string {
  if (row === undefined) return refuse('The board has lost its scope and its counters; restore a copy')
  const { version, scope } = row as { readonly version: unknown; readonly scope: unknown }
  if (version === schemaVersion) return String(scope)
  return refuse(
    `The board has tables of version ${version}, but this is version ${schemaVersion}; update @jobboard/sqlite`,
  )
}

function namesIn(database: Database, sql: string): readonly string[] {
  return (prepared(database, sql).all() as readonly { readonly name: string }[]).map(({ name }) => name)
}

function refuse(message: string): never {
  throw new DriverError('incompatible', message)
}
