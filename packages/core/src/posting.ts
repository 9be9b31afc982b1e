import { hash } from 'node:crypto'
import type { BookRef, JobRecord, Posting } from './driver/records.js'
import { InvalidPostingError } from './errors.js'
import { checkText, jsonText, nameOf, type PlainObject, plainCopy } from './json.js'
import { type Priority, parsePriority } from './priority.js'

/** What a producer may say of a new job beside its name. */
export interface PostOptions {
  /** What the worker needs to know. A plain object that JSON carries unchanged. @default {} */
  readonly details?: Readonly<Record<string, unknown>>
  /** In upper or lower case. @default 'NORMAL' */
  readonly priority?: Priority | Lowercase<Priority>
  /** Makes posting repeatable: the same id again adds nothing (POST-3). 1 to 255 characters. @default a new UUID */
  readonly id?: string
  /** The logbook that the job belongs to. Only its name and uuid are stored. */
  readonly book?: BookRef
  /** The flow detail of the book that the job runs, or its uuid; stored as `details.flow_uuid`. */
  readonly flow?: string | { readonly uuid: string }
  /** Parameters of the flow, stored as `details.store`; they override the flow detail's own (STORE-1). */
  readonly store?: Readonly<Record<string, unknown>>
  /** How long from now the job cannot be claimed yet (POST-6). @default 0 */
  readonly delayMs?: number
}

const knownOptions: ReadonlySet<string> = new Set([
  'details',
  'priority',
  'id',
  'book',
  'flow',
  'store',
  'delayMs',
])

/**
 * Checks what a producer gave and makes the posting that drivers store.
 *
 * @throws InvalidPostingError before anything is sent.
 */
export function makePosting(
  name: string,
  options: PostOptions,
  newId: () => string,
  maxPayloadBytes: number,
): Posting {
  checkLabel(name, 'name')
  checkOptions(options)
  const priority = options.priority === undefined ? 'NORMAL' : parsePriority(options.priority)
  const plain = plainDetails(options, maxPayloadBytes)
  const details = jsonText(plain, 'details', maxPayloadBytes)
  const book = options.book === undefined ? {} : { book: bookRef(options.book) }
  // Spread last: engines take several times as long to add members to what was spread.
  return {
    id: checkLabel(options.id ?? newId(), 'id'),
    name,
    priority,
    details,
    hash: hashOf({ name, priority, ...book }, plain),
    delayMs: checkDelay(options.delayMs ?? 0),
    ...book,
  }
}

function checkOptions(options: PostOptions): void {
  if (typeof options !== 'object' || options === null)
    throw new InvalidPostingError('options', `must be an object, not ${nameOf(options)}`)
  for (const key of Object.keys(options)) {
    if (!knownOptions.has(key))
      throw new InvalidPostingError(key, `unknown; known are ${[...knownOptions].join(', ')}`)
  }
}

/**
 * The hash by which a board tells "the same again" from a conflict (POST-3).
 *
 * It does not depend on the order of keys, so that a posting made by another program compares equal. `details` is JSON text.
 */
export function contentHash(content: Pick<Posting, 'name' | 'priority' | 'details' | 'book'>): string {
  return hashOf(content, JSON.parse(content.details))
}

function hashOf(content: Pick<Posting, 'name' | 'priority' | 'book'>, details: unknown): string {
  const book = content.book === undefined ? null : [content.book.uuid, content.book.name]
  return hash('sha256', JSON.stringify([content.name, content.priority, sorted(details), book]), 'base64url')
}

/** Objects as lists of entries in the order of their keys: also `__proto__` is a key like any other. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const object = value as PlainObject
  return {
    entries: Object.keys(object)
      .sort()
      .map(key => [key, sorted(object[key])]),
  }
}

/** @throws InvalidPostingError unless the value is a text of 1 to 255 characters that every backend can store. */
export function checkLabel(value: unknown, path: string): string {
  if (typeof value !== 'string') throw new InvalidPostingError(path, `must be a text, not ${nameOf(value)}`)
  if (value.length < 1 || value.length > 255) {
    throw new InvalidPostingError(path, `must have 1 to 255 characters, not ${value.length}`)
  }
  checkText(value, path)
  return value
}

/** @throws InvalidPostingError unless the value is a whole number of milliseconds. */
export function checkDelay(value: unknown): number {
  // The upper bound keeps the resulting date within what every backend and Date can hold.
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 100 * 365 * 86_400_000)
    return value
  throw new InvalidPostingError(
    'delayMs',
    'must be a whole number of milliseconds, from 0 to a hundred years',
  )
}

function bookRef(book: unknown): BookRef {
  if (typeof book !== 'object' || book === null)
    throw new InvalidPostingError('book', `must have uuid and name, not be ${nameOf(book)}`)
  const { uuid, name } = book as Partial<BookRef>
  return { uuid: checkLabel(uuid, 'book.uuid'), name: checkLabel(name, 'book.name') }
}

/** On the wire flow and store stay where TaskFlow has them: `details.flow_uuid` and `details.store`. */
function plainDetails({ details = {}, flow, store }: PostOptions, maxBytes: number): PlainObject {
  const copy = plainCopy(details, 'details', maxBytes)
  if (flow !== undefined) put(copy, 'flow_uuid', 'flow', flowUuid(flow))
  if (store !== undefined) put(copy, 'store', 'store', plainCopy(store, 'store', maxBytes))
  return copy
}

function put(details: PlainObject, key: string, option: string, value: unknown): void {
  if (Object.hasOwn(details, key))
    throw new InvalidPostingError(option, `details.${key} says the same; give one of them`)
  details[key] = value
}

function flowUuid(flow: Exclude<PostOptions['flow'], undefined>): string {
  return checkLabel(typeof flow === 'string' ? flow : flow?.uuid, 'flow')
}

/** What is known of a job that was consumed before its posting was acknowledged. */
export function traceOf({ id, name, priority, details, book }: Posting, now: number): JobRecord {
  return {
    id,
    name,
    priority,
    details,
    ...(book === undefined ? {} : { book }),
    createdOn: now,
    order: 0n,
    attempts: 0,
    failures: 0,
    losses: 0,
    takeover: false,
    standing: { state: 'UNCLAIMED' },
  }
}
