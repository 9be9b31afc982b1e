import { InvalidArgumentError } from 'commander'
import { parse } from 'lossless-json'
import { UsageError } from './errors-out.js'
import { isExact } from './exact-numbers.js'

type Parser<T> = (value: string) => T

/** A whole number. */
export function wholeNumber(least: number, most: number = Number.MAX_SAFE_INTEGER): Parser<number> {
  const range = most === Number.MAX_SAFE_INTEGER ? `at least ${least}` : `${least} to ${most}`
  return value => {
    const number = Number(value)
    if (/^\d+$/.test(value) && number >= least && number <= most) return number
    throw new InvalidArgumentError(`It must be a whole number of ${range}.`)
  }
}

/** A delay in milliseconds, as long as a board takes it: a hundred years. */
export const delayMs: Parser<number> = wholeNumber(0, 100 * 365 * 86_400_000)

/** Seconds, with parts, as milliseconds. */
export function secondsAsMs(value: string): number {
  const ms = Math.round(Number(value) * 1000)
  // Timers of Node end at 2^31-1 ms, which is 24 days; a longer one would fire at once.
  if (/^\d+(\.\d+)?$/.test(value) && ms <= 0x7fffffff) return ms
  throw new InvalidArgumentError('It must be a number of seconds, at most 24 days.')
}

/** The id of a job, or an owner's name. */
export function label(value: string): string {
  if (value.length >= 1 && value.length <= 255) return value
  throw new InvalidArgumentError(`It must have 1 to 255 characters, not ${value.length}.`)
}

/** A fencing token, in digits. */
export function fencingToken(value: string): bigint {
  if (/^\d+$/.test(value)) return BigInt(value)
  throw new InvalidArgumentError('It must be the digits that `jobboard show` prints as the fencing token.')
}

/** For options that may be given several times. */
export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), label(value)]
}

/** One of a few words, in any case. */
export function oneOf<const W extends string>(...words: readonly W[]): Parser<W> {
  return value => {
    const word = words.find(known => known === value.toLowerCase())
    if (word !== undefined) return word
    throw new InvalidArgumentError(`It must be one of ${words.join(', ')}.`)
  }
}

/**
 * The value of a JSON text, as yet unchecked: the board looks at what it is given. What JavaScript would change or drop on
 * the way is refused, and no message quotes the text, which may hold secrets.
 */
export function parseJson<T>(text: string, where: string): T {
  const refuse = (problem: string): never => {
    throw new UsageError(`${where} ${problem}`)
  }
  const parseNumber = (digits: string): number =>
    isExact(digits)
      ? Number(digits)
      : refuse('has a number that JavaScript cannot keep as it is; write it as a text')
  const onDuplicateKey = ({ position }: { readonly position: number }): never =>
    refuse(`names a member twice, with different values (position ${position})`)
  try {
    return parse(text, undefined, { parseNumber, onDuplicateKey }) as T
  } catch (error) {
    if (error instanceof UsageError) throw error
    if (error instanceof RangeError) return refuse('is nested too deep')
    return refuse(`is no JSON${placeIn(error)}`)
  }
}

function placeIn(error: unknown): string {
  const [, position] = /at position (\d+)$/.exec((error as Error).message) ?? []
  return position === undefined ? '' : ` (wrong at position ${position})`
}

const decoder = new TextDecoder('utf-8', { fatal: true })

/** The text that bytes stand for, without a byte order mark. Bytes that stand for none would be changed on the way. */
export function decodeText(bytes: Uint8Array, where: string): string {
  try {
    return decoder.decode(bytes)
  } catch (error) {
    throw new UsageError(`${where} is no UTF-8`, { cause: error })
  }
}

/** Of an argument that was no UTF-8 Node has kept this sign for every wrong byte. */
export function checkDecoded(text: string | undefined, where: string): void {
  if (text?.includes('\ufffd'))
    throw new UsageError(`${where} is no UTF-8, or holds U+FFFD; give that in a file or with --stdin`)
}
