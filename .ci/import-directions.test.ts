import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'

/**
 * Proves that the lint rule holds the import directions. Who may import whom is drawn here once more; every arrow,
 * drawn or not, is written down as a file, and biome with this repository's configuration must refuse exactly the
 * ones that are not drawn.
 */

const root = fileURLToPath(new URL('..', import.meta.url))

const core = ['@jobboard/core', '@jobboard/core/driver', '@jobboard/core/persistence']
const suite = ['@jobboard/conformance-tests', '@jobboard/conformance-tests/vitest']
const published = [
  ...core,
  ...suite,
  '@jobboard/engine',
  '@jobboard/conductor',
  '@jobboard/cli',
  '@jobboard/memory',
  '@jobboard/sqlite',
  '@jobboard/postgres',
  '@jobboard/test-servers',
  '@jobboard/benchmarks',
]

const driver = ['@jobboard/core/driver', '@jobboard/core/persistence']
const engine = ['@jobboard/core', '@jobboard/core/persistence']
const conductor = ['@jobboard/core', '@jobboard/engine']
const cli = ['@jobboard/core', '@jobboard/conductor']
const tests = [...core, ...suite, '@jobboard/memory', '@jobboard/test-servers']

/** The arrows that are drawn: from a folder to published names. */
const drawn: Readonly<Record<string, readonly string[]>> = {
  'packages/core/src': [],
  'packages/core/src/driver': [],
  'packages/memory/src': driver,
  'packages/sqlite/src': driver,
  'packages/a-driver-to-come/src': driver,
  'packages/engine/src': engine,
  'packages/conductor/src': conductor,
  'packages/cli/src': cli,
  'packages/cli/src/commands': cli,
  'conformance-tests/src': core,
  'conformance-tests/src/cases': core,
  'packages/benchmarks/src': published,
  'docs/examples/src': published,
  'docs/examples/test': published,
  'packages/core/test': tests,
  'packages/memory/test': tests,
  'packages/sqlite/test': tests,
  'packages/sqlite/test/own': tests,
  'conformance-tests/test': tests,
}

/** Ways past the published names of another package. */
const trespasses = [
  '../../core/src/job.js',
  '../../core/dist/job.js',
  '../../../memory/src/index.js',
  '../../../packages/core/src/driver/driver.js',
  '../../../packages/core/dist/index.js',
  '../../memory/test/harness.js',
  '@jobboard/core/src/job.js',
  '@jobboard/core/dist/job.js',
]

const harmless = ['node:fs', 'node:fs/promises', 'valibot', './sibling.js', '../above.js']

/** The ways to write an import. */
const forms: readonly ((name: string) => string)[] = [
  name => `import { thing } from '${name}'\nthing()\n`,
  name => `import type { Thing } from '${name}'\nexport const thing: Thing = 1\n`,
  name => `export { thing } from '${name}'\n`,
  name => `export const thing = (await import('${name}')).thing\n`,
  name => `import '${name}'\n`,
]

/** Ways that the lint rule does not see: a type that is imported where it stands, and a name in a template. */
const hidden: readonly ((name: string) => string)[] = [
  name => `export type Thing = import('${name}').Thing\n`,
  name => `export const thing: typeof import('${name}') = 1\n`,
  name => `export const thing = (await import(\`${name}\`)).thing\n`,
]

/** What shows them: `import(` is for values, hence awaited, and takes a plain text or a variable. */
const hiddenForm = /(?<!\bawait )\bimport\(|\bimport\(\s*`/

type Fate = 'refused' | 'allowed' | 'refused in some forms'

describe('import directions', () => {
  let workspace: string
  let refused: ReadonlySet<string>

  beforeAll(async () => {
    workspace = await mkdtemp(join(tmpdir(), 'jobboard-imports-'))
    await cp(join(root, 'biome.json'), join(workspace, 'biome.json'))
    for (const folder of Object.keys(drawn)) {
      await mkdir(join(workspace, folder), { recursive: true })
      for (const name of [...published, ...trespasses, ...harmless]) await writeArrow(folder, name)
    }
    await writeArrow('packages/core/test', '../src/job.js')
    refused = await refusedFiles(workspace)
    return () => rm(workspace, { recursive: true })
  })

  async function writeArrow(folder: string, name: string): Promise<void> {
    for (const [i, form] of forms.entries()) {
      await writeFile(join(workspace, sampleFile(folder, name, i)), form(name))
    }
  }

  function fate(folder: string, name: string): Fate {
    const count = forms.filter((_, i) => refused.has(sampleFile(folder, name, i))).length
    return count === 0 ? 'allowed' : count === forms.length ? 'refused' : 'refused in some forms'
  }

  const fates = (folder: string, names: readonly string[]) =>
    Object.fromEntries(names.map(name => [name, fate(folder, name)]))

  it.each(Object.entries(drawn))('%s imports what is drawn and nothing else of ours', (folder, allowed) => {
    const expected = published.map(name => [name, allowed.includes(name) ? 'allowed' : 'refused'])
    expect(fates(folder, published)).toEqual(Object.fromEntries(expected))
  })

  it.each(Object.keys(drawn))('%s reaches into no other package', folder => {
    expect(fates(folder, trespasses)).toEqual(Object.fromEntries(trespasses.map(name => [name, 'refused'])))
  })

  it.each(Object.keys(drawn))('%s imports Node, clients and its own files', folder => {
    expect(fates(folder, harmless)).toEqual(Object.fromEntries(harmless.map(name => [name, 'allowed'])))
  })

  it.each(hidden)('sees what the lint rule does not: %s', form => {
    expect(form('@jobboard/memory')).toMatch(hiddenForm)
    for (const visible of forms) expect(visible('@jobboard/memory')).not.toMatch(hiddenForm)
  })

  it('is not passed by in a form that the lint rule does not see', async () => {
    const found: string[] = []
    for (const file of await sources()) {
      const lines = (await readFile(join(root, file), 'utf8')).split('\n')
      found.push(...lines.filter(line => hiddenForm.test(line)).map(line => `${file}: ${line.trim()}`))
    }
    expect(found).toEqual([])
  })

  it('lets tests import the sources of their own package', () => {
    expect(fate('packages/core/test', '../src/job.js')).toBe('allowed')
  })
})

/** Every TypeScript file of every package, by its path from the root. */
async function sources(): Promise<readonly string[]> {
  const packages = (await readdir(join(root, 'packages'))).map(name => `packages/${name}`)
  const folders = [...packages, 'conformance-tests', 'docs/examples'].flatMap(home => [
    `${home}/src`,
    `${home}/test`,
  ])
  const files = await Promise.all(
    folders.map(async folder => {
      const names = await readdir(join(root, folder), { recursive: true }).catch(() => [])
      return names.map(name => `${folder}/${name}`)
    }),
  )
  return files.flat().filter(file => file.endsWith('.ts'))
}

function sampleFile(folder: string, name: string, form: number): string {
  return `${folder}/${name.replaceAll(/[^a-z]+/g, '-')}-${form}.ts`
}

interface Report {
  readonly diagnostics: readonly { readonly location: { readonly path: string } }[]
}

/** The files that biome refuses because of what they import. */
function refusedFiles(folder: string): Promise<ReadonlySet<string>> {
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome')
  const rule = ['--only=style/noRestrictedImports', '--vcs-enabled=false']
  const output = ['--max-diagnostics=none', '--reporter=rdjson']
  return new Promise((resolve, reject) => {
    const options = { cwd: folder, maxBuffer: 2 ** 26 }
    execFile(process.execPath, [biome, 'lint', ...rule, ...output, '.'], options, (error, out) => {
      // Status 1 is how biome refuses; anything else means that it did not do its work.
      if (error?.code !== 1) return reject(error ?? new Error('biome refused nothing'))
      const { diagnostics } = JSON.parse(out) as Report
      resolve(new Set(diagnostics.map(diagnostic => diagnostic.location.path)))
    })
  })
}
