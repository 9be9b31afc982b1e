import { createRequire, isBuiltin } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { DriverDefinition } from './driver/definition.js'
import { DriverNotFoundError } from './errors.js'

/** Names and URL schemes of our own packages. */
const builtIn: ReadonlyMap<string, string> = new Map([
  ['memory', '@jobboard/memory'],
  ['sqlite', '@jobboard/sqlite'],
  ['file', '@jobboard/sqlite'],
  ['zookeeper', '@jobboard/zookeeper'],
  ['etcd', '@jobboard/etcd-lease'],
  ['etcds', '@jobboard/etcd-lease'],
  ['etcd-lease', '@jobboard/etcd-lease'],
  ['redis', '@jobboard/redis-lock'],
  ['rediss', '@jobboard/redis-lock'],
  ['redis-lock', '@jobboard/redis-lock'],
  ['postgres', '@jobboard/postgres'],
  ['postgresql', '@jobboard/postgres'],
])

/** For people: the names, and the schemes that differ from them. */
const ours =
  'memory, sqlite (file:), zookeeper, etcd-lease (etcd:, etcds:), redis-lock (redis:, rediss:), postgres (also postgresql:)'

/** A name or package from a configuration, or the scheme of a URL. */
export type Wanted = { readonly name: string } | { readonly scheme: string }

/**
 * Finds a driver: among those that were passed, else in one of our packages, else in the package that is named, for a URL
 * as in `PACKAGE+anything:`.
 *
 * @throws DriverNotFoundError
 */
export async function findDriver(
  wanted: Wanted,
  drivers: readonly DriverDefinition[],
  from: string,
): Promise<DriverDefinition> {
  const asked = 'name' in wanted ? wanted.name : wanted.scheme
  const passed = drivers.find(({ name, schemes }) => name === asked || schemes.includes(asked))
  if (passed !== undefined) return checked(passed, asked)
  const packageName = builtIn.get(asked) ?? ('scheme' in wanted ? asked.replace(/\+.*/, '') : asked)
  const path = resolveFrom(packageName, from)
  if (path === undefined) throw notInstalled(wanted, asked, packageName)
  return checked((await load(packageName, path))['driver'], packageName)
}

function notInstalled(wanted: Wanted, asked: string, packageName: string): DriverNotFoundError {
  const known = `Known drivers: ${ours}`
  const install = `install it with: npm install ${packageName}`
  if (builtIn.has(asked))
    return new DriverNotFoundError(`The driver for ${asked} boards is not installed; ${install}. ${known}`)
  // A scheme alone names nobody's package; to install one that happens to be called so would be a bad advice.
  if ('scheme' in wanted && packageName === asked)
    return new DriverNotFoundError(
      `No driver is known for ${asked}: URLs. That of a third party is named with its package, as in PACKAGE+${asked}:. ${known}`,
    )
  return new DriverNotFoundError(`The driver package ${packageName} is not installed; ${install}. ${known}`)
}

/** The file that the application gets for a package; undefined where it is not installed. */
function resolveFrom(packageName: string, from: string): string | undefined {
  if (isBuiltin(packageName)) return undefined
  // The application first, since under pnpm core cannot see what it does not depend on; then wherever core is installed.
  for (const base of [pathToFileURL(join(from, 'index.js')).href, import.meta.url]) {
    try {
      return createRequire(base).resolve(packageName)
    } catch (error) {
      if (!isMissing(error)) throw cannotLoad(packageName, error)
    }
  }
  return undefined
}

async function load(packageName: string, path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>
  } catch (error) {
    throw cannotLoad(packageName, error)
  }
}

/** Node gives a `path` when the package is there, and only the file that it names is missing. */
function isMissing(error: unknown): boolean {
  const { code, path } = error as { readonly code?: unknown; readonly path?: unknown }
  return code === 'MODULE_NOT_FOUND' && path === undefined
}

function cannotLoad(packageName: string, error: unknown): DriverNotFoundError {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown }
  const why =
    code === 'ERR_PACKAGE_PATH_NOT_EXPORTED'
      ? 'its package.json exports nothing under the condition `default`, which drivers need beside `import`'
      : `cannot be loaded: ${message ?? String(error)}`
  return new DriverNotFoundError(`${packageName} is installed, but ${why}`, { cause: error })
}

function checked(definition: unknown, where: string): DriverDefinition {
  const driver = definition as Partial<DriverDefinition> | undefined
  if (typeof driver?.create !== 'function' || typeof driver.parseUrl !== 'function') {
    throw new DriverNotFoundError(
      `${where} is no jobboard driver: it has no export named driver with create and parseUrl`,
    )
  }
  if (driver.apiVersion !== 1) {
    throw new DriverNotFoundError(
      `${where} was written for version ${driver.apiVersion} of the driver interface; this is version 1`,
    )
  }
  return driver as DriverDefinition
}
