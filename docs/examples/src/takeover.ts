import type { Claim } from '@jobboard/core'

/** A result that late writers cannot spoil. In a database it is one statement: `UPDATE … WHERE token <= ?`. */
export class FencedResult {
  #value: string | undefined
  #token = 0n

  get value(): string | undefined {
    return this.#value
  }

  write(value: string, claim: Claim): void {
    if (claim.fencingToken < this.#token) throw new Error(`${claim.owner} is late: the job has another owner`)
    this.#value = value
    this.#token = claim.fencingToken
  }
}

/** What a worker may want to know before it begins. */
export function describe(claim: Claim): string {
  const { previous } = claim
  if (previous === undefined) return `attempt ${claim.attempt}`
  return `attempt ${claim.attempt}, continuing the work of ${previous.owner} (${previous.cause})`
}
