import { InvalidPostingError } from './errors.js'

const maxDepth = 1_000
const textEncoder = new TextEncoder()

/**
 * Writes details as JSON text, or refuses them: what JSON cannot carry unchanged never reaches a board (POST-5).
 *
 * The value that a reader gets back is deeply equal to the one that was posted; `JSON.stringify` alone would quietly turn
 * a Date into a text, NaN into null and drop what is undefined.
 *
 * @throws InvalidPostingError with the path of the first value that does not fit.
 */
export function detailsText(details: unknown, maxBytes: number): string {
  if (!isPlainObject(details))
    throw new InvalidPostingError('details', `must be a plain object, not ${nameOf(details)}`)
  check(details, 'details', new Set(), 0)
  const text = JSON.stringify(details)
  const bytes = text.length * 3 <= maxBytes ? text.length : textEncoder.encode(text).length
  if (bytes > maxBytes) {
    throw new InvalidPostingError(
      'details',
      `${bytes} bytes of JSON are over the limit of ${maxBytes} (maxPayloadBytes); store the data elsewhere and post a reference`,
    )
  }
  return text
}

/** Whether a value is an object as JSON makes it. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null || isForeignObjectPrototype(prototype)
}

/** `Object.prototype` of another realm, such as a test runner's sandbox. */
function isForeignObjectPrototype(prototype: object): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf')
}

/** What a value is, for messages; never its content. */
export function nameOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object') return `a ${value.constructor?.name ?? 'object'} object`
  return value === undefined ? 'undefined' : `a ${typeof value}`
}

function check(value: unknown, path: string, above: Set<object>, depth: number): void {
  if (value === null || typeof value === 'boolean') return
  if (typeof value === 'string') checkText(value, path)
  else if (typeof value === 'number') checkNumber(value, path)
  else if (typeof value === 'object') checkObject(value, path, above, depth)
  else throw new InvalidPostingError(path, `${nameOf(value)} has no form in JSON`)
}

/** Texts that some backend or reader would change or refuse: halves of a surrogate pair, and U+0000. */
export function checkText(text: string, path: string): void {
  if (text.includes('\u0000'))
    throw new InvalidPostingError(path, 'U+0000 cannot be stored by every backend; leave it out')
  if (!text.isWellFormed()) throw new InvalidPostingError(path, 'a lone surrogate is no valid text')
}

function checkNumber(value: number, path: string): void {
  if (!Number.isFinite(value)) throw new InvalidPostingError(path, `${value} has no form in JSON`)
  if (Object.is(value, -0)) throw new InvalidPostingError(path, '-0 would come back as 0')
}

function checkObject(value: object, path: string, above: Set<object>, depth: number): void {
  if (above.has(value)) throw new InvalidPostingError(path, 'the value contains itself')
  if (depth >= maxDepth) throw new InvalidPostingError(path, `nested more than ${maxDepth} deep`)
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') {
    throw new InvalidPostingError(
      path,
      `${nameOf(value)} would come back as something else (it has toJSON); convert it yourself`,
    )
  }
  above.add(value)
  if (Array.isArray(value)) checkArray(value, path, above, depth)
  else checkMembers(value, path, above, depth)
  above.delete(value)
}

function checkArray(value: readonly unknown[], path: string, above: Set<object>, depth: number): void {
  const keys = Object.keys(value).length
  if (keys < value.length)
    throw new InvalidPostingError(path, 'a sparse array would come back with null in its holes')
  if (keys > value.length) throw new InvalidPostingError(path, 'an array with named members would lose them')
  for (let i = 0; i < value.length; i++) check(value[i], `${path}[${i}]`, above, depth + 1)
}

function checkMembers(value: object, path: string, above: Set<object>, depth: number): void {
  if (!isPlainObject(value))
    throw new InvalidPostingError(path, `${nameOf(value)} would come back as a plain object`)
  if (Object.getOwnPropertySymbols(value).length > 0)
    throw new InvalidPostingError(path, 'a symbol key has no form in JSON')
  for (const key of Object.keys(value)) {
    const below = `${path}.${key}`
    checkText(key, below)
    check(value[key], below, above, depth + 1)
  }
}
