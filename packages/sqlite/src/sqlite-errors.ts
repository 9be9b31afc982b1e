import { DriverError, type DriverErrorKind } from '@jobboard/core/driver'

interface Trouble {
  readonly kind: DriverErrorKind
  /** What a person can do. */
  readonly advice?: string
}

const busy = 5
const locked = 6

const held = 'another process holds the write lock, or was stopped in a commit'
const ours =
  'end the transaction, or the statement, that the owner of the database that was passed in has open'
const writable = 'the folder and its files must be readable and writable'
const room = 'make room on the disk'
const nobodys = 'this process may not use the folder'
const inTheWay = 'there is a file where the folder should be'

/** SQLite's primary result codes, with its text for each: some calls of `@photostructure/sqlite` lose the code. */
const results: readonly (readonly [code: number, text: string, trouble: Trouble])[] = [
  [3, 'access permission denied', { kind: 'forbidden', advice: writable }],
  [busy, 'database is locked', { kind: 'unavailable', advice: held }],
  [locked, 'database table is locked', { kind: 'unavailable', advice: ours }],
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

/** Out of memory, and an I/O error: the commit may be in the log all the same, and come back when the file is opened next. */
const perhapsCommitted: ReadonlySet<unknown> = new Set([7, 10])

/** Codes of the file system, met before SQLite is asked. */
const fileSystem: Readonly<Record<string, Trouble>> = {
  EACCES: { kind: 'forbidden', advice: nobodys },
  EPERM: { kind: 'forbidden', advice: nobodys },
  EROFS: { kind: 'forbidden', advice: 'the file system is read-only' },
  // What Node.js says when it makes a folder and its parents, also on a file system that is read-only.
  ENOENT: {
    kind: 'forbidden',
    advice: 'the folder cannot be made here: the file system is read-only, or a link leads nowhere',
  },
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
  const trouble = byCode.get(resultCode(error)) ?? otherTrouble(error)
  if (trouble === undefined) return error
  const advice = trouble.advice === undefined ? '' : `; ${trouble.advice}`
  return new DriverError(trouble.kind, `${doing}: ${error.message}${advice}`, { cause: error, done })
}

/** For a commit that failed. Of every other known code it is certain that nothing was done. */
export function commitError(error: unknown): unknown {
  return driverError(error, 'The commit failed', perhapsCommitted.has(resultCode(error)) ? 'maybe' : 'no')
}

function otherTrouble({ code, syscall }: NodeJS.ErrnoException): Trouble | undefined {
  if (code === 'ERR_INVALID_STATE')
    return { kind: 'incompatible', advice: 'its owner closed the database that was passed in' }
  if (syscall === undefined) return undefined
  return fileSystem[String(code)] ?? { kind: 'unavailable' }
}

function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined
  const { code, errcode } = error as { code?: unknown; errcode?: unknown }
  if (code !== 'ERR_SQLITE_ERROR') return undefined
  return typeof errcode === 'number' ? errcode & 0xff : codeOf.get(error.message)
}
