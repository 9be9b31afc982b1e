import type { JobboardDriver } from './driver.js'

/**
 * How a driver package makes itself known: its `driver` export. `fetchBoard` finds it by name or by URL scheme.
 *
 * ```ts
 * export const driver: DriverDefinition = { name: 'sqlite', apiVersion: 1, schemes: ['file'], create, parseUrl }
 * ```
 */
export interface DriverDefinition {
  readonly name: string
  /** The version of the SPI that the package was written for. */
  readonly apiVersion: 1
  /** URL schemes without the colon. */
  readonly schemes: readonly string[]
  /** Makes a driver from its own options. Unknown ones are refused with the known ones listed (`parseOptions`). */
  create(options: Readonly<Record<string, unknown>>): JobboardDriver
  /** Reads a URL of one of the schemes into options for `create`, without connecting. `query` is what core did not take. */
  parseUrl(url: DriverUrl): Readonly<Record<string, unknown>>
}

/** A board URL, split. `new URL` is no help: it lacks many hosts, and changes paths and cases. */
export interface DriverUrl {
  readonly scheme: string
  /** All between the scheme's colon and the query, for example `//h1:2181,h2:2181/taskflow/jobs` or `./.jobboard`. */
  readonly rest: string
  /** Parameters of the query, decoded; those that core knows are taken out. */
  readonly query: Readonly<Record<string, string>>
}
