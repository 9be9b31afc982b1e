import { DriverError } from '@jobboard/core/driver'
import type { Database } from './engine.js'
import { schema, schemaVersion } from './layout.js'
import type { Transactions } from './transaction.js'

export interface Setup {
  readonly synchronous: 'FULL' | 'NORMAL'
  /** Whether the database was passed in, and may hold other tables. */
  readonly adopted: boolean
  readonly newId: () => string
}

/** Makes the board in this database, if it is not there yet, and answers with its scope. */
export async function setUp(database: Database, transactions: Transactions, setup: Setup): Promise<string> {
  await useLog(transactions, setup.synchronous)
  // A look first: whoever opens a board that is there needs no lock.
  return (await transactions.read(() => scopeOf(database))) ?? transactions.write(() => make(database, setup))
}

/** The write-ahead log: without it, readers and the writer would wait for each other. */
async function useLog(transactions: Transactions, synchronous: 'FULL' | 'NORMAL'): Promise<void> {
  const ask = (pragma: string): Promise<unknown> => transactions.outside(() => transactions.sql(pragma).get())
  await ask('PRAGMA busy_timeout = 0')
  const { journal_mode: mode } = (await ask('PRAGMA journal_mode = WAL')) as { readonly journal_mode: string }
  if (mode !== 'wal') refuse(`SQLite keeps no write-ahead log here, but ${mode}; use a file on a local disk`)
  await ask(`PRAGMA synchronous = ${synchronous}`)
}

/** Many processes may do this at once: the first one makes the tables and the scope, the others find them. */
function make(database: Database, { adopted, newId }: Setup): string {
  const found = scopeOf(database)
  if (found !== undefined) return found
  if (!adopted && tablesOf(database).length > 0)
    refuse('The file belongs to another program; use another folder')
  const scope = newId()
  database.exec(schema)
  database.prepare('INSERT INTO jobboard VALUES (1, ?, ?, 0, 0)').run(schemaVersion, scope)
  return scope
}

/** The scope of the board in this database; nothing if there is no board. */
export function scopeOf(database: Database): string | undefined {
  if (!tablesOf(database).includes('jobboard')) return undefined
  const row = database.prepare('SELECT version, scope FROM jobboard').get() as BoardRow
  if (row.version === schemaVersion) return row.scope
  return refuse(
    `The board has tables of version ${row.version}, but this is version ${schemaVersion}; update @jobboard/sqlite`,
  )
}

interface BoardRow {
  readonly version: number
  readonly scope: string
}

function tablesOf(database: Database): readonly string[] {
  const rows = database.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).all()
  return (rows as readonly { readonly name: string }[]).map(({ name }) => name)
}

function refuse(message: string): never {
  throw new DriverError('incompatible', message)
}
