import type { ServerProvider, Wanted } from '../server.js'
import { LocalServer } from './local-server.js'
import type { Recipe } from './recipe.js'
import { redisRecipe } from './redis.js'

const recipes: { readonly [K in Wanted['kind']]: (wanted: Extract<Wanted, { readonly kind: K }>) => Recipe } =
  {
    redis: redisRecipe,
  }

/** Servers that are processes of this machine. */
export const localProvider: ServerProvider = {
  name: 'local',
  start: wanted => LocalServer.start(recipes[wanted.kind](wanted)),
}
