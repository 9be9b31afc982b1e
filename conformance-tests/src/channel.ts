import { Jobboard, type JobboardOptions } from '@jobboard/core'
import type { JobboardDriver } from '@jobboard/core/driver'
import { type ClientNote, ClientVerbs } from './client-verbs.js'
import { type Fault, lossy } from './lossy-driver.js'

export type VerbName = keyof ClientVerbs
export type VerbArgs<V extends VerbName> = Parameters<ClientVerbs[V]>
export type VerbAnswer<V extends VerbName> = Awaited<ReturnType<ClientVerbs[V]>>

/** The way to one client, wherever it runs. */
export interface Channel {
  readonly pid: number
  call<V extends VerbName>(verb: V, ...args: VerbArgs<V>): Promise<VerbAnswer<V>>
  freeze(): Promise<void>
  thaw(): Promise<void>
  kill(): Promise<void>
  /** After a close: whether nothing keeps the client's process any more. */
  ended(): Promise<boolean>
  /** Gives up whatever is left of the client. `clean`: its board was closed, and all of it may serve again. */
  dispose(clean: boolean): Promise<void>
}

/** What a client is made of, apart from its driver. It travels to child processes. */
export interface ClientSettings {
  readonly board: Pick<
    JobboardOptions,
    'name' | 'owner' | 'sessionTtlMs' | 'requestTimeoutMs' | 'refreshMs' | 'rememberMs'
  >
  readonly faults: readonly Fault[]
}

/** A client's board, connected, behind its verbs. */
export async function openVerbs(
  driver: JobboardDriver,
  settings: ClientSettings,
  tell: (note: ClientNote) => void,
  here: Pick<JobboardOptions, 'clock'> & { readonly guard?: (driver: JobboardDriver) => JobboardDriver } = {},
): Promise<ClientVerbs> {
  const { guard = same => same, ...options } = here
  const faulty = lossy(driver, settings.faults)
  const board = new Jobboard(guard(faulty), { ...settings.board, ...options })
  const verbs = new ClientVerbs(board, faulty.faults, tell)
  try {
    await board.connect()
  } catch (error) {
    await board.close()
    throw error
  }
  return verbs
}

/** Runs a verb that came by name. */
export function callVerb<V extends VerbName>(
  verbs: ClientVerbs,
  verb: V,
  args: VerbArgs<V>,
): Promise<VerbAnswer<V>> {
  const method = verbs[verb] as unknown as (...args: VerbArgs<V>) => Promise<VerbAnswer<V>>
  return method.apply(verbs, args)
}
