import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RedisWanted } from '../server.js'
import { ask } from './ask.js'
import type { Recipe } from './recipe.js'

const defaults = { bind: '127.0.0.1', save: '""', appendonly: 'no', appendfsync: 'always' }

export function redisRecipe({ settings = {} }: RedisWanted): Recipe {
  return {
    package: { binary: 'redis-server', debian: 'redis-server' },
    async prepare(folder, port) {
      const lines = Object.entries({ ...defaults, ...settings, port }).map(
        ([key, value]) => `${key} ${value}\n`,
      )
      await writeFile(join(folder, 'redis.conf'), lines.join(''))
      return ['redis.conf']
    },
    url: port => `redis://127.0.0.1:${port}`,
    // One that asks for a password is ready too; one that still reads its files is not.
    isReady: async port => /^(\+PONG|-NOAUTH)/.test(await ask(port, 'PING\r\n')),
  }
}
