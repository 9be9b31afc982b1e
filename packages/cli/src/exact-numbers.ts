import { compareNumber } from 'lossless-json'

/** Whether a number, as JSON spells it, is the same number after it was one of JavaScript's: 0.1 and 1e21 are, 2^53+1 is not. */
export function isExact(digits: string): boolean {
  const number = Number(digits)
  return Number.isFinite(number) && compareNumber(digits, String(number)) === 0
}
