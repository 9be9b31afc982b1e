import { DriverError, type DriverErrorKind } from '@jobboard/core/driver'

interface Trouble {
  readonly kind: DriverErrorKind
  /** What a person can do. */
  readonly advice?: string
}

const busy = 5
const locked = 6

const held = 'another process holds the write lock, or was stopped in a commit'
const writable = 'the folder and its files must be readable and writable'
const room = 'make room on the disk'
const nobodys = 'this process may not use the folder'
const inTheWay = 'there is a file where the folder should be'

/** SQLite's primary result codes, with its text for each: some calls of `@photostructure/sqlite` lose the code. */
const results: readonly (readonly [code: number, text: string, trouble: Trouble])[] = [
  [3, 'access permission denied', { kind: 'forbidden', advice: writable }],
  [busy, 'database is locked', { kind: 'unavailable', advice: held }],
  [locked, 'database table is locked', { kind: 'unavailable', advice: held }],
  [7, 'out of memory', { kind: 'limit' }],
  [8, 'attempt to write a readonly database', { kind: 'forbidden', advice: writable }],
  [10, 'disk I/O error', { kind: 'unavailable', advice: 'look at the disk' }],
  [
    11,
    'database disk image is malformed',
    { kind: 'incompatible', advice: 'the file is damaged; restore a copy' },
  ],
  [13, 'database or disk is full', { kind: 'limit', advice: room }],
  [14, 'unable to open database file', { kind: 'forbidden', advice: writable }],
  [15, 'locking protocol', { kind: 'unavailable', advice: held }],
  [18, 'string or blob too big', { kind: 'limit' }],
  [22, 'large file support is disabled', { kind: 'limit' }],
  [23, 'authorization denied', { kind: 'forbidden' }],
  [26, 'file is not a database', { kind: 'incompatible', advice: 'it is no board; choose another folder' }],
]
const byCode: ReadonlyMap<unknown, Trouble> = new Map(results.map(([code, , trouble]) => [code, trouble]))
const codeOf: ReadonlyMap<string, number> = new Map(results.map(([code, text]) => [text, code]))

/** Codes of the file system, met before SQLite is asked. */
const fileSystem: Readonly<Record<string, Trouble>> = {
  EACCES: { kind: 'forbidden', advice: nobodys },
  EPERM: { kind: 'forbidden', advice: nobodys },
  EROFS: { kind: 'forbidden', advice: 'the file system is read-only' },
  EEXIST: { kind: 'incompatible', advice: inTheWay },
  ENOTDIR: { kind: 'incompatible', advice: inTheWay },
  ENAMETOOLONG: { kind: 'limit' },
  ENOSPC: { kind: 'limit', advice: room },
  EDQUOT: { kind: 'limit', advice: room },
  EMFILE: { kind: 'limit', advice: 'too many open files' },
}

/** As SQLite would say it, for what it does not notice itself. */
export function lockedError(): Error {
  return Object.assign(new Error('the database has a transaction open'), {
    code: 'ERR_SQLITE_ERROR',
    errcode: locked,
  })
}

/** Whether somebody else has the lock at this moment: worth another try in a little while. */
export function isBusy(error: unknown): boolean {
  const code = resultCode(error)
  return code === busy || code === locked
}

/** What a driver may throw, for what SQLite or the file system threw. Whatever is unknown passes as it is: a defect. */
export function driverError(error: unknown, doing: string, done: 'no' | 'maybe' = 'no'): unknown {
  if (!(error instanceof Error) || error instanceof DriverError) return error
  const trouble = byCode.get(resultCode(error)) ?? fileSystemTrouble(error)
  if (trouble === undefined) return error
  const advice = trouble.advice === undefined ? '' : `; ${trouble.advice}`
  return new DriverError(trouble.kind, `${doing}: ${error.message}${advice}`, { cause: error, done })
}

function fileSystemTrouble({ code, syscall }: NodeJS.ErrnoException): Trouble | undefined {
  if (syscall === undefined) return undefined
  return fileSystem[String(code)] ?? { kind: 'unavailable' }
}

function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined
  const { code, errcode } = error as { code?: unknown; errcode?: unknown }
  if (code !== 'ERR_SQLITE_ERROR') return undefined
  return typeof errcode === 'number' ? errcode & 0xff : codeOf.get(error.message)
}
