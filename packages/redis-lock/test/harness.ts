import { randomUUID } from 'node:crypto'
import type { Harness, Space } from '@jobboard/conformance-tests'
import { startServer } from '@jobboard/test-servers'
import { Redis } from 'ioredis'
import { redisLock } from '../src/index.js'

/** Each space is a board of its own on one server, which may be somebody else's. */
export async function redisHarness(): Promise<Harness> {
  const server = await startServer({ kind: 'redis', shared: true })
  const redis = new Redis(server.url)
  const { url } = server
  return {
    driver: 'redis-lock',
    backend: `Redis ${/redis_version:(\S+)/.exec(await redis.info('server'))?.[1]}`,
    capabilities: redisLock({ url }).info.capabilities,
    sessionTtlMs: 2_000,
    expiryMarginMs: 500,
    clientModule: new URL('./client.mjs', import.meta.url),
    async createSpace(): Promise<Space> {
      const config = { url, board: `test-${randomUUID()}` }
      return {
        config,
        driver: () => redisLock(config),
        plantMalformed: async () =>
          void (await redis.hset(`${config.board}:listings`, randomUUID(), 'no msgpack')),
        dispose: () => removeBoard(redis, config.board),
      }
    },
    async close() {
      redis.disconnect()
      await server[Symbol.asyncDispose]()
    },
  }
}

async function removeBoard(redis: Redis, board: string): Promise<void> {
  for await (const keys of redis.scanStream({ match: `${board}:*`, count: 1_000 })) {
    if (keys.length > 0) await redis.unlink(keys)
  }
}
