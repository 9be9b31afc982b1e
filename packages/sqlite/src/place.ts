import { type BigIntStats, statSync } from 'node:fs'
import { DriverError } from '@jobboard/core/driver'
import { driverError } from './sqlite-errors.js'

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
    if (path !== null && this.#file === undefined) throw this.#removed()
  }

  /** Looks at most once a second. @throws DriverError when another file, or none, is there by now */
  check(now: number): void {
    if (now - this.#checkedAt < 1000) return
    this.#checkedAt = Number.NEGATIVE_INFINITY
    if (this.#look() !== this.#file) throw this.#removed()
    this.#checkedAt = now
  }

  #look(): string | undefined {
    const file = this.#path === null ? undefined : fileAt(this.#path)
    return file && `${file.dev}:${file.ino}`
  }

  #removed(): DriverError {
    return new DriverError(
      'incompatible',
      `${this.#path} was removed or replaced while it was open; close the board and open it again`,
    )
  }
}

/** The file that is there at this moment, if one is. */
export function fileAt(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false })
  } catch (error) {
    // A folder above it is a file by now.
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined
    throw driverError(error, `Cannot look at ${path}`)
  }
}
