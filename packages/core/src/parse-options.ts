import * as v from 'valibot'
import { InvalidOptionsError } from './errors.js'
import { nameOf } from './json.js'

/**
 * Checks options against a schema, once, at start-up.
 *
 * Give it a `strictObject`, so that unknown keys are refused; the message then lists the known ones. Texts are taken for
 * numbers and booleans where the schema says so (`numberOption`, `booleanOption`), since options also come from URLs.
 *
 * @throws InvalidOptionsError naming every option that is wrong.
 */
export function parseOptions<const S extends v.GenericSchema>(
  schema: S,
  input: unknown,
  what: string,
): v.InferOutput<S> {
  // Named by its kind alone: a text in this place may be a URL with a password.
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    throw new InvalidOptionsError(`${what}: must be an object with options, not ${nameOf(input)}`)
  const result = v.safeParse(schema, input)
  if (result.success) return result.output
  const unknownOptions = result.issues.filter(isUnknown).map(issue => String(v.getDotPath(issue)))
  const problems = result.issues.map(issue => problemOf(issue, schema)).join('; ')
  throw new InvalidOptionsError(`${what}: ${problems}`, { unknownOptions })
}

/** A whole number in a range, as a number or, from a URL, as its digits. */
export function numberOption(
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): v.GenericSchema<unknown, number> {
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`
  const message = `must be a whole number ${range}`
  return v.pipe(
    v.unknown(),
    v.transform(value => (typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value)),
    v.number(message),
    v.integer(message),
    v.minValue(least, message),
    v.maxValue(most, message),
  )
}

/** A boolean, or from a URL `true` or `false`. */
export function booleanOption(): v.GenericSchema<unknown, boolean> {
  return v.pipe(
    v.unknown(),
    v.transform(value => (value === 'true' ? true : value === 'false' ? false : value)),
    v.boolean('must be true or false'),
  )
}

/** A text of 1 to `most` characters. */
export function textOption(most = 255): v.GenericSchema<unknown, string> {
  const message = `must be a text of 1 to ${most} characters`
  return v.pipe(v.unknown(), v.string(message), v.minLength(1, message), v.maxLength(most, message))
}

/** An object that is passed on as it is, such as a client or a clock; `methods` are what it must have. */
export function objectOption<T extends object>(
  ...methods: readonly (keyof T & string)[]
): v.GenericSchema<unknown, T> {
  return v.custom<T>(
    value =>
      typeof value === 'object' &&
      value !== null &&
      methods.every(method => typeof (value as Readonly<Record<string, unknown>>)[method] === 'function'),
    `must be an object with ${methods.join(', ')}`,
  )
}

/** A function that is passed on as it is. */
export function functionOption<T>(): v.GenericSchema<unknown, T> {
  return v.custom<T>(value => typeof value === 'function', 'must be a function')
}

function isUnknown(issue: v.BaseIssue<unknown>): boolean {
  return issue.expected === 'never' && v.getDotPath(issue) !== null
}

function problemOf(issue: v.BaseIssue<unknown>, schema: v.GenericSchema): string {
  const key = v.getDotPath(issue)
  if (isUnknown(issue)) {
    return `unknown option ${JSON.stringify(key)}; known are ${knownKeys(schema).join(', ')}`
  }
  return key === null ? wording(issue) : `${key} ${wording(issue)}`
}

/** A missing key is reported by valibot in its own words; ours say the same as for every other option. */
function wording(issue: v.BaseIssue<unknown>): string {
  return issue.kind === 'schema' && issue.received === 'undefined' ? 'is required' : issue.message
}

function knownKeys(schema: v.GenericSchema): readonly string[] {
  return 'entries' in schema ? Object.keys(schema.entries as object) : []
}
