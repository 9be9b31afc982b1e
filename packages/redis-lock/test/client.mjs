// Child processes run plain JavaScript, and load the package as users do.
// biome-ignore lint/style/noRestrictedImports: a test's own package, by its name.
import { redisLock } from '@jobboard/redis-lock'

/** @param {import('@jobboard/redis-lock').RedisLockOptions} config */
export function openClient(config) {
  return redisLock(config)
}
