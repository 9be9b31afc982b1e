import type { ConnectionOptions } from 'node:tls'
import { type DriverUrl, numberOption, objectOption, parseOptions, textOption } from '@jobboard/core/driver'
import type { RedisOptions } from 'ioredis'
import * as v from 'valibot'

/** What is needed of a client that is passed in: its settings, by `duplicate`. */
export interface RedisClient {
  duplicate(override?: Partial<RedisOptions>): unknown
}

/** Options of a board in Redis. `url` or `client` is needed, not both. */
export interface RedisLockOptions {
  /** `redis://user:password@host:6379/0`, or `rediss:` for TLS. */
  readonly url?: string
  /**
   * A client of ioredis, whose settings the board's own two connections take over: address, credentials, TLS, Sentinel. It is
   * used for nothing else, and never closed.
   */
  readonly client?: RedisClient
  /** The board's name: the prefix of all its keys, TaskFlow's `namespace`. @default 'taskflow' */
  readonly board?: string
  /** Certificates and the like, for `rediss:`. @default what Node.js trusts */
  readonly tls?: ConnectionOptions
  /**
   * How often to look for what TaskFlow's processes did, in milliseconds; 0 for never. They tell nobody, so without it a waiter
   * hears of their jobs at the board's next refresh. Needed only where they share the board.
   *
   * @default 0
   */
  readonly foreignPollMs?: number
}

const schema = v.strictObject({
  url: v.optional(v.pipe(v.string('must be a URL'), v.check(isRedisUrl, urlForm()))),
  client: v.optional(objectOption<RedisClient>('duplicate')),
  board: v.optional(textOption()),
  tls: v.optional(objectOption<ConnectionOptions>()),
  foreignPollMs: v.optional(numberOption(0, 3_600_000)),
})

const oneOfBoth = v.check<v.InferOutput<typeof schema>, string>(
  options => (options.url === undefined) !== (options.client === undefined),
  'needs either url or client',
)

/** @throws InvalidOptionsError */
export function parseRedisOptions(options: unknown): RedisLockOptions {
  return parseOptions(v.pipe(schema, oneOfBoth), options, 'redis-lock') as RedisLockOptions
}

/** `redis://user:password@host:6379/0?board=NAME`; what the query says beside `board` is refused as any unknown option is. */
export function parseUrl({ scheme, rest, query }: DriverUrl): Readonly<Record<string, unknown>> {
  return { ...query, url: `${scheme}:${rest}` }
}

/** Where a checked URL leads. */
export function addressOf(url: string): RedisOptions {
  const { protocol, hostname, port, username, password, pathname } = new URL(url)
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? 6379 : Number(port),
    db: Number(pathname.slice(1)),
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    ...(protocol === 'rediss:' ? { tls: {} } : {}),
  }
}

function isRedisUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return (
    url !== undefined &&
    /^rediss?:$/.test(url.protocol) &&
    /^[^,]+$/.test(url.hostname) &&
    /^(\/\d*)?$/.test(url.pathname) &&
    url.search === '' &&
    url.hash === ''
  )
}

/** The text itself is never repeated: it may hold a password. */
function urlForm(): string {
  return 'must be like redis://user:password@host:6379/0, with one host (Sentinel: pass a client; Cluster is not supported)'
}
