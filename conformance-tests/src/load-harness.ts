import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { type HarnessSource, readyHarness } from './harness-source.js'

/**
 * The harness that a module exports: of a file, or else of a package as seen from the folder in which the command runs.
 * Nothing is known yet of what it is.
 */
export async function loadHarness(module: string): Promise<unknown> {
  const file = resolve(module)
  const isPath = /^[./]/.test(module) || (await isFile(file))
  const url = isPath ? pathToFileURL(file).href : await urlFromHere(module)
  const { harness } = (await import(url)) as { readonly harness?: HarnessSource }
  if (harness === undefined) throw new Error(`${module} has no export \`harness\``)
  return readyHarness(harness)
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    found => found.isFile(),
    () => false,
  )
}

/**
 * Where a module in the current folder would find the package. Another process tells: `require.resolve` passes over packages
 * that have only an `import` condition, and `import.meta.resolve` here looks beside this suite.
 */
async function urlFromHere(name: string): Promise<string> {
  const { stdout } = await execute(process.execPath, ['--input-type=module', '--eval', resolving, name])
  const { url, problem } = JSON.parse(stdout) as { readonly url: string; readonly problem?: string }
  if (problem !== undefined) throw new Error(problem)
  return url
}

const execute = promisify(execFile)

const resolving = `
  const answer = value => process.stdout.write(JSON.stringify(value))
  try {
    answer({ url: import.meta.resolve(process.argv[1]) })
  } catch (error) {
    answer({ problem: error.message })
  }
`
