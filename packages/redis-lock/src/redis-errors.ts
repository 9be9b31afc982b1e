import { DriverError, type DriverErrorKind } from '@jobboard/core/driver'

interface Trouble {
  readonly kind: DriverErrorKind
  readonly advice?: string
  /** A script can meet this in the middle, and then has done a part. @default 'no' */
  readonly done?: 'maybe'
}

const later = { kind: 'unavailable' } as const
const credentials = { kind: 'unauthenticated', advice: 'check user and password' } as const
const noCluster = { kind: 'incompatible', advice: 'Redis Cluster is not supported' } as const

/** The first word of what the server answers. It refuses a script as a whole, if nothing else is said. */
const replies: Readonly<Record<string, Trouble>> = {
  NOAUTH: credentials,
  WRONGPASS: credentials,
  NOPERM: {
    kind: 'forbidden',
    advice: 'the user needs all keys and channels of the board, and scripts',
    done: 'maybe',
  },
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
  WRONGTYPE: {
    kind: 'incompatible',
    advice: 'another program uses keys of this name; choose another board',
    done: 'maybe',
  },
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

/** Codes of Node for a server that is not the one that it should be, or does not want us. */
const notTrusted = /CERT|SELF_SIGNED|UNABLE_TO_|^ERR_(TLS|SSL)_/

/** What a driver may throw, for what ioredis threw. Whatever is unknown passes as it is: a defect. */
export function driverError(error: unknown, doing: string): unknown {
  if (!(error instanceof Error) || error instanceof DriverError) return error
  if (error.name === 'ReplyError') return ofReply(error, doing)
  const code = (error as NodeJS.ErrnoException).code
  if (code === undefined && !unsent.test(error.message) && !lost.test(error.message)) return error
  const why = `${doing}: ${error.message}`
  if (notTrusted.test(code ?? ''))
    return new DriverError('unauthenticated', `${why}; check the certificates (tls)`, { cause: error })
  const done = unsent.test(error.message) || code === 'ECONNREFUSED' ? 'no' : 'maybe'
  return new DriverError('unavailable', why, { cause: error, done })
}

function ofReply(error: Error, doing: string): Error {
  const trouble = replies[wordOf(error.message)] ?? refusals.find(([form]) => form.test(error.message))?.[1]
  if (trouble === undefined) return error
  const { kind, advice, done = 'no' } = trouble
  const message = advice === undefined ? error.message : `${error.message}; ${advice}`
  return new DriverError(kind, `${doing}: ${message}`, { cause: error, done })
}

/** Before Redis 7 the server wraps what a command inside of a script is refused with into its own words. */
function wordOf(message: string): string {
  const wrapped = /^ERR Error running script.*?: -?([A-Z]{3,}) /.exec(message)
  return (wrapped ?? /^-?([A-Z]+)\b/.exec(message))?.[1] ?? ''
}
