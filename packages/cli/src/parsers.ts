import { InvalidArgumentError } from 'commander'
import { UsageError } from './errors-out.js'

type Parser<T> = (value: string) => T

/** A whole number of at least `least`. */
export function wholeNumber(least: number): Parser<number> {
  return value => {
    const number = Number(value)
    if (/^\d+$/.test(value) && Number.isSafeInteger(number) && number >= least) return number
    throw new InvalidArgumentError(`It must be a whole number of at least ${least}.`)
  }
}

/** Seconds, with parts, as milliseconds. */
export function secondsAsMs(value: string): number {
  const ms = Math.round(Number(value) * 1000)
  // Timers of Node end at 2^31-1 ms, which is 24 days; a longer one would fire at once.
  if (/^\d+(\.\d+)?$/.test(value) && ms <= 0x7fffffff) return ms
  throw new InvalidArgumentError('It must be a number of seconds, at most 24 days.')
}

/** A fencing token, in digits. */
export function fencingToken(value: string): bigint {
  if (/^\d+$/.test(value)) return BigInt(value)
  throw new InvalidArgumentError('It must be the digits that `jobboard show` prints as the fencing token.')
}

/** For options that may be given several times. */
export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value]
}

/** One of a few words, in any case. */
export function oneOf<const W extends string>(...words: readonly W[]): Parser<W> {
  return value => {
    const word = words.find(known => known === value.toLowerCase())
    if (word !== undefined) return word
    throw new InvalidArgumentError(`It must be one of ${words.join(', ')}.`)
  }
}

/** The value of a JSON text, as yet unchecked: the board looks at what it is given. */
export function parseJson<T>(text: string, where: string): T {
  try {
    return JSON.parse(text) as T
  } catch (error) {
    throw new UsageError(`${where} is no JSON: ${(error as Error).message}`, { cause: error })
  }
}
