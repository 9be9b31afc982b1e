import type { Package } from './binaries.js'

/** How a kind of server is run as a process of this machine. */
export interface Recipe {
  readonly package: Package
  /** The arguments for a server that keeps its files in `folder`, which is its working directory, and listens on a port of the loopback. */
  prepare(folder: string, port: number): Promise<readonly string[]>
  url(port: number): string
  /** Whether it takes requests by now. False, or a rejection, for "not yet". */
  isReady(port: number): Promise<boolean>
}
