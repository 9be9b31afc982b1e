import { type DriverEnvironment, DriverError } from '@jobboard/core/driver'
import { Redis, type RedisOptions } from 'ioredis'
import { addressOf, type RedisLockOptions } from './options.js'
import { driverError } from './redis-errors.js'

/** Longest pause between two tries to connect. */
const longestPauseMs = 1_000

/** From this version on there is everything that the scripts use. */
const leastVersion = [6, 2] as const

/** What this package takes replies for, also where a client that is passed in has another mind. */
type Settings = Omit<RedisOptions, 'replyMapping'> & { readonly replyMapping: 'legacy' }

/** Settings under which the client neither repeats a request by itself nor keeps one for later. */
function settings({ callTimeoutMs }: DriverEnvironment): Settings {
  return {
    replyMapping: 'legacy',
    lazyConnect: true,
    enableOfflineQueue: false,
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    autoResubscribe: false,
    enableAutoPipelining: false,
    keyPrefix: '',
    commandTimeout: callTimeoutMs,
    connectTimeout: callTimeoutMs,
    // A server that hangs is left, and looked for anew.
    socketTimeout: 2 * callTimeoutMs,
    retryStrategy: times => Math.min(longestPauseMs, 25 * 2 ** times) * (0.5 + Math.random() / 2),
  }
}

/** A client that is not connected yet. */
export function makeClient(options: RedisLockOptions, environment: DriverEnvironment): Redis {
  const { url = '', client, tls } = options
  const ours: Settings = { ...settings(environment), ...(tls && { tls }) }
  const made = (client?.duplicate(ours) ?? new Redis({ ...addressOf(url), ...ours })) as Redis
  // Whoever calls is told of a lost connection by their call; without a listener it would end the process. So would the second
  // error of a socket, of which the client hears the first one only: TLS that is refused has two.
  return made.on('error', () => made.stream?.on('error', () => {}))
}

/** Connects, or says why not; nothing stays open then. @throws DriverError */
export async function connect(client: Redis, environment: DriverEnvironment): Promise<void> {
  let reason: unknown
  const keep = (error: Error): void => {
    reason ??= error
  }
  client.on('error', keep)
  try {
    await within(environment, client.connect())
    // The client would go on in database 0 where the server does not have this one.
    const { db = 0 } = client.options
    if (db > 0) await client.select(db)
  } catch (error) {
    client.disconnect()
    // The client rejects in general terms, and tells the reason to its listeners.
    throw driverError(reason ?? error, 'Cannot connect to Redis')
  } finally {
    client.off('error', keep)
  }
}

/** The server's version, for people. @throws DriverError when it is too old */
export async function serverOf(client: Redis): Promise<string> {
  let info: string
  try {
    info = await client.info('server')
  } catch (error) {
    const refused = driverError(error, 'Cannot ask Redis for its version')
    // Whoever may not ask may be allowed all the rest.
    if (refused instanceof DriverError && refused.kind === 'forbidden') return 'Redis'
    throw refused
  }
  const version = /redis_version:(\S+)/.exec(info)?.[1] ?? ''
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major < leastVersion[0] || (major === leastVersion[0] && minor < leastVersion[1]))
    throw new DriverError('incompatible', `Redis ${version} is too old; 6.2 or later is needed`)
  return `Redis ${version}`
}

/** A server that takes the connection and then says nothing. */
function within<T>({ clock, callTimeoutMs }: DriverEnvironment, connecting: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimeout(() => reject(new Error('Command timed out')), callTimeoutMs)
    connecting.then(resolve, reject).finally(() => timer.clear())
  })
}
