import { DriverError, type DriverErrorKind } from '@jobboard/core/driver'

interface Trouble {
  readonly kind: DriverErrorKind
  readonly advice?: string
}

const later = { kind: 'unavailable' } as const
const credentials = { kind: 'unauthenticated', advice: 'check user and password' } as const
const noCluster = { kind: 'incompatible', advice: 'Redis Cluster is not supported' } as const

/** The first word of what the server answers. All of them mean that the script did nothing. */
const replies: Readonly<Record<string, Trouble>> = {
  NOAUTH: credentials,
  WRONGPASS: credentials,
  NOPERM: { kind: 'forbidden', advice: 'the user needs all keys and channels of the board, and scripts' },
  OOM: { kind: 'limit', advice: 'the server has no memory left (maxmemory)' },
  MISCONF: { kind: 'limit', advice: "the server cannot write to its disk; look at the server's log" },
  READONLY: { kind: 'unavailable', advice: 'this server is a replica; connect to the primary' },
  LOADING: later,
  BUSY: { kind: 'unavailable', advice: 'a script of somebody runs for too long' },
  MASTERDOWN: later,
  NOREPLICAS: later,
  TRYAGAIN: later,
  CLUSTERDOWN: noCluster,
  MOVED: noCluster,
  CROSSSLOT: noCluster,
  WRONGTYPE: { kind: 'incompatible', advice: 'another program uses keys of this name; choose another board' },
}

/** Refusals that have no word of their own. */
const refusals: readonly (readonly [RegExp, Trouble])[] = [
  [/^ERR (invalid password|AUTH|Client sent AUTH)/, credentials],
  [/^ERR max number of clients/, { kind: 'limit', advice: 'raise maxclients' }],
  [
    /^ERR (invalid DB index|DB index)/,
    { kind: 'incompatible', advice: 'the server has no database of this number' },
  ],
]

/** What the client says of a request that has not left. */
const unsent = /^Stream isn't writeable/

/** Other words of the client for a connection that is lost or gives no answer. */
const lost =
  /^(Connection is closed|Command timed out|Socket timeout|Reached the max retries|Socket closed|None of|All sentinels)/

/** What a driver may throw, for what ioredis threw. Whatever is unknown passes as it is: a defect. */
export function driverError(error: unknown, doing: string, cause: unknown = error): unknown {
  if (!(error instanceof Error) || error instanceof DriverError) return error
  if (error.name === 'ReplyError') return ofReply(error, doing)
  const code = (error as NodeJS.ErrnoException).code
  if (code === undefined && !unsent.test(error.message) && !lost.test(error.message)) return error
  const done = unsent.test(error.message) || code === 'ECONNREFUSED' ? 'no' : 'maybe'
  const why = cause instanceof Error ? cause.message : error.message
  return new DriverError('unavailable', `${doing}: ${why}`, { cause, done })
}

function ofReply(error: Error, doing: string): Error {
  // What a command inside of a script is refused with, the server may wrap into its own words.
  const words = /^(?:ERR Error running script.*?: |ERR )?-?([A-Z]+)\b/.exec(error.message)
  const trouble = replies[words?.[1] ?? ''] ?? refusals.find(([form]) => form.test(error.message))?.[1]
  if (trouble === undefined) return error
  const advice = trouble.advice === undefined ? '' : `; ${trouble.advice}`
  return new DriverError(trouble.kind, `${doing}: ${error.message}${advice}`, { cause: error, done: 'no' })
}
