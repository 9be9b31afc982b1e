import { InvalidPostingError } from './errors.js'

const maxDepth = 1_000

/** An object as JSON makes it. */
export type PlainObject = Record<string, unknown>

/**
 * Copies an object, or refuses it: what JSON cannot carry unchanged never reaches a board (POST-5).
 *
 * The value that a reader gets back is deeply equal to the one that was posted; `JSON.stringify` alone would quietly turn
 * a Date into a text, NaN into null and drop what is undefined. It is a copy that is written then, since a getter or a
 * proxy may answer differently when it is asked again.
 *
 * @throws InvalidPostingError with the path of the first value that does not fit.
 */
export function plainCopy(value: unknown, path: string, maxBytes: number): PlainObject {
  return new Copier(path, maxBytes).copy(value)
}

/** The JSON text of an object that `plainCopy` made. @throws InvalidPostingError when it is over the limit. */
export function jsonText(value: PlainObject, path: string, maxBytes: number): string {
  const text = JSON.stringify(value)
  if (text.length * 3 > maxBytes && Buffer.byteLength(text) > maxBytes) throw tooLong(path, maxBytes)
  return text
}

/** Whether a value is an object as JSON makes it. */
export function isPlainObject(value: unknown): value is PlainObject {
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
  if (typeof value === 'object') return `${constructorName(value)} object`
  return value === undefined ? 'undefined' : `a ${typeof value}`
}

/** It may be anything, also something that throws when it is looked at. */
function constructorName(value: object): string {
  try {
    const { name } = value.constructor
    return typeof name === 'string' && name !== '' ? `a ${name}` : 'an'
  } catch {
    return 'an'
  }
}

/** Texts that some backend or reader would change or refuse: halves of a surrogate pair, and U+0000. */
export function checkText(text: string, path: string): void {
  const problem = problemOfText(text)
  if (problem !== undefined) throw new InvalidPostingError(path, problem)
}

function problemOfText(text: string): string | undefined {
  if (text.includes('\u0000')) return 'U+0000 cannot be stored by every backend; leave it out'
  return text.isWellFormed() ? undefined : 'a lone surrogate is no valid text'
}

function tooLong(path: string, maxBytes: number): InvalidPostingError {
  return new InvalidPostingError(
    path,
    `its JSON is over the limit of ${maxBytes} bytes (maxPayloadBytes); store the data elsewhere and post a reference`,
  )
}

/** One copy, and the place where it stands. */
class Copier {
  readonly #root: string
  readonly #maxBytes: number
  /** How much may still come. Without it, values that contain each other many times over would take for ever. */
  #left: number
  readonly #path: (string | number)[] = []
  readonly #above = new Set<object>()

  constructor(root: string, maxBytes: number) {
    this.#root = root
    this.#maxBytes = maxBytes
    this.#left = maxBytes
  }

  copy(value: unknown): PlainObject {
    try {
      if (!isPlainObject(value)) throw this.#refusal(`must be a plain object, not ${nameOf(value)}`)
      return this.#any(value) as PlainObject
    } catch (error) {
      if (error instanceof InvalidPostingError) throw error
      // A getter or a trap of a proxy.
      throw this.#refusal('reading it throws', { cause: error })
    }
  }

  #any(value: unknown): unknown {
    this.#spend(1)
    switch (typeof value) {
      case 'boolean':
        return value
      case 'string':
        return this.#text(value)
      case 'number':
        return this.#number(value)
      case 'object':
        return value === null ? null : this.#object(value)
      default:
        throw this.#refusal(`${nameOf(value)} has no form in JSON`)
    }
  }

  #text(text: string): string {
    this.#spend(text.length)
    const problem = problemOfText(text)
    if (problem !== undefined) throw this.#refusal(problem)
    return text
  }

  #number(value: number): number {
    if (!Number.isFinite(value)) throw this.#refusal(`${value} has no form in JSON`)
    if (Object.is(value, -0)) throw this.#refusal('-0 would come back as 0')
    return value
  }

  #object(value: object): unknown {
    if (this.#above.has(value)) throw this.#refusal('the value contains itself')
    if (this.#above.size >= maxDepth) throw this.#refusal(`nested more than ${maxDepth} deep`)
    if (typeof (value as { toJSON?: unknown }).toJSON === 'function')
      throw this.#refusal(
        `${nameOf(value)} would come back as something else (it has toJSON); convert it yourself`,
      )
    this.#above.add(value)
    const copy = Array.isArray(value) ? this.#array(value) : this.#members(value)
    this.#above.delete(value)
    return copy
  }

  #array(value: readonly unknown[]): unknown[] {
    // The prototype of arrays is an array itself, in every realm; that of a subclass is not.
    if (!Array.isArray(Object.getPrototypeOf(value)))
      throw this.#refusal(`${nameOf(value)} would come back as a plain array`)
    // All own keys are the indices and `length`.
    const surplus = Reflect.ownKeys(value).length - value.length - 1
    if (surplus < 0) throw this.#refusal('a sparse array would come back with null in its holes')
    if (surplus > 0) throw this.#refusal('an array with named members would lose them')
    const copy: unknown[] = []
    for (let i = 0; i < value.length; i++) copy.push(this.#at(i, value))
    return copy
  }

  #members(value: object): PlainObject {
    if (!isPlainObject(value)) throw this.#refusal(`${nameOf(value)} would come back as a plain object`)
    const keys = Object.keys(value)
    if (Reflect.ownKeys(value).length > keys.length)
      throw this.#refusal('members that are symbols or not enumerable have no form in JSON')
    const copy: PlainObject = {}
    for (const key of keys) setOwn(copy, key, this.#at(key, value))
    return copy
  }

  #at<Key extends string | number>(key: Key, container: Readonly<Record<Key, unknown>>): unknown {
    this.#path.push(key)
    if (typeof key === 'string') this.#text(key)
    const copy = this.#any(container[key])
    this.#path.pop()
    return copy
  }

  #spend(characters: number): void {
    this.#left -= characters
    if (this.#left < 0) throw tooLong(this.#root, this.#maxBytes)
  }

  #refusal(problem: string, options?: ErrorOptions): InvalidPostingError {
    const steps = this.#path.map(key => (typeof key === 'number' ? `[${key}]` : `.${key}`))
    return new InvalidPostingError(this.#root + steps.join(''), problem, options)
  }
}

/** Also `__proto__` is data. */
function setOwn(object: PlainObject, key: string, value: unknown): void {
  if (key !== '__proto__') object[key] = value
  else Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true })
}
