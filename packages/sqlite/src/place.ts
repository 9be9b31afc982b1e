import { statSync } from 'node:fs'
import { DriverError } from '@jobboard/core/driver'

/**
 * The board's place on the disk. A folder that is deleted while it is in use lives on for those who have it open, and
 * takes jobs that nobody else will ever see.
 */
export class Place {
  readonly #path: string | null
  readonly #file: string | undefined
  #checkedAt = 0

  constructor(path: string | null) {
    this.#path = path
    this.#file = this.#look()
  }

  /** Looks at most once a second. @throws DriverError when another file, or none, is there by now */
  check(now: number): void {
    if (now - this.#checkedAt < 1000) return
    this.#checkedAt = now
    if (this.#look() === this.#file) return
    this.#checkedAt = Number.NEGATIVE_INFINITY
    throw new DriverError(
      'incompatible',
      `${this.#path} was removed or replaced while it was open; close the board and open it again`,
    )
  }

  #look(): string | undefined {
    if (this.#path === null) return undefined
    const file = statSync(this.#path, { bigint: true, throwIfNoEntry: false })
    return file && `${file.dev}:${file.ino}`
  }
}
