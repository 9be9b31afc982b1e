// Child processes run plain JavaScript, and load the package as users do.
// biome-ignore lint/style/noRestrictedImports: a test's own package, by its name.
import { sqlite } from '@jobboard/sqlite'

/** @param {import('@jobboard/sqlite').SqliteOptions} config */
export function openClient(config) {
  return sqlite(config)
}
