import type { ClientSettings, VerbName } from './channel.js'
import type { ClientNote } from './client-verbs.js'
import type { Json } from './harness.js'

/** To a client's process. Sent by structured clone, so that big integers and absent things stay what they are. */
export type Request =
  | { readonly id: number; readonly open: Opening }
  | { readonly id: number; readonly verb: VerbName; readonly args: readonly unknown[] }
  | { readonly id: number; readonly ping: true }
  /** From now on only what the board left behind keeps the process alive. */
  | { readonly id: number; readonly letGo: true }

export interface Opening {
  /** URL of the harness's client module. */
  readonly module: string
  readonly config: Json
  readonly settings: ClientSettings
}

/** From a client's process. */
export type Reply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: WireError }
  | ClientNote

/** An error with everything of its own that travels. */
export interface WireError {
  readonly name: string
  readonly message: string
  readonly stack?: string
  readonly cause?: WireError
  /** `code`, `retryable`, and what else its class has. */
  readonly fields: Readonly<Record<string, unknown>>
}

export function packError(thrown: unknown): WireError {
  const error =
    thrown instanceof Error ? thrown : new Error(`something that is no error was thrown: ${thrown}`)
  const { name, message, stack, cause } = error
  const fields = Object.fromEntries(Object.entries(error).filter(([, value]) => travels(value)))
  return {
    ...{ name, message, fields },
    ...(stack !== undefined && { stack }),
    ...(cause !== undefined && { cause: packError(cause) }),
  }
}

export function unpackError({ name, message, stack, cause, fields }: WireError): Error {
  const error = new Error(message, cause && { cause: unpackError(cause) })
  return Object.assign(error, fields, { name, ...(stack !== undefined && { stack }) })
}

function travels(value: unknown): boolean {
  return (
    value === null ||
    value instanceof Date ||
    ['string', 'number', 'boolean', 'bigint'].includes(typeof value)
  )
}
