import { randomInt } from 'node:crypto'

const variable = 'JOBBOARD_CONFORMANCE_SEED'

/** The seed that the environment asks for, else one by chance. */
export function seedOfEnvironment(): number {
  const given = process.env[variable]?.trim() ?? ''
  if (given === '') return randomInt(2 ** 31)
  // Half a number would run with choices that nobody asked for, and repeat nothing.
  if (!isWholeNumber(given)) throw new RangeError(`${variable} must be a whole number, not '${given}'`)
  return Number(given)
}

/** Digits alone, and not more than a number can tell apart. */
export function isWholeNumber(text: string): boolean {
  return /^\d+$/.test(text) && Number.isSafeInteger(Number(text))
}
