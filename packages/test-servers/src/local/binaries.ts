import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A program, and the Debian package that brings it. */
export interface Package {
  readonly binary: string
  readonly debian: string
}

const found = new Map<string, Promise<string>>()

/**
 * The path of a program. Where it is missing and we may, it is installed.
 *
 * @throws Error that says what to install.
 */
export function findBinary(wanted: Package): Promise<string> {
  const search = found.get(wanted.binary) ?? findOrInstall(wanted)
  found.set(wanted.binary, search)
  return search
}

async function findOrInstall(wanted: Package): Promise<string> {
  const there = await inPath(wanted.binary)
  if (there !== undefined) return there
  if (process.getuid?.() !== 0 || (await inPath('apt-get')) === undefined) throw missing(wanted)
  await install(wanted)
  const installed = await inPath(wanted.binary)
  if (installed === undefined) throw missing(wanted)
  return installed
}

/** Servers often stand in `sbin`, which the path of an ordinary user leaves out. */
async function inPath(binary: string): Promise<string | undefined> {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin']
  for (const folder of folders) {
    const path = join(folder, binary)
    const usable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (folder !== '' && usable) return path
  }
  return undefined
}

/** A machine that was set up just now has no list of packages yet. */
async function install(wanted: Package): Promise<void> {
  try {
    await aptGet('install', '--no-install-recommends', wanted.debian).catch(async () => {
      await aptGet('update')
      await aptGet('install', '--no-install-recommends', wanted.debian)
    })
  } catch (cause) {
    throw missing(wanted, { cause })
  }
}

/** Waits for others who install something. */
async function aptGet(...args: readonly string[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  await run('apt-get', ['-y', '-o', 'DPkg::Lock::Timeout=120', ...args], { env })
}

function missing({ binary, debian }: Package, options?: ErrorOptions): Error {
  const advice = `install it (Debian: apt-get install ${debian}), or name a running one with JOBBOARD_TEST_SERVERS=external`
  return new Error(`tests need ${binary}, which is not on this machine; ${advice}`, options)
}
