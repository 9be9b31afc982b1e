import type { DriverDefinition, JobboardDriver } from '@jobboard/core/driver'
import { parseRedisOptions, parseUrl, type RedisLockOptions } from './options.js'
import { RedisLockDriver } from './redis-lock-driver.js'

export type { RedisClient, RedisLockOptions } from './options.js'

/**
 * The driver of a board in Redis. Connects to nothing yet.
 *
 * @throws InvalidOptionsError
 */
export function redisLock(options: RedisLockOptions): JobboardDriver {
  return new RedisLockDriver(parseRedisOptions(options))
}

/** For `fetchBoard`: `redis://HOST/0?board=NAME`, or `{ board: 'redis-lock', url }`. */
export const driver: DriverDefinition = {
  name: 'redis-lock',
  apiVersion: 1,
  schemes: ['redis', 'rediss'],
  create: options => new RedisLockDriver(parseRedisOptions(options)),
  parseUrl,
}
