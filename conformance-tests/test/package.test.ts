import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const run = promisify(execFile)
const home = new URL('../', import.meta.url)

test('the package holds its licence, its page and its command', async () => {
  const { stdout } = await run('npm', ['pack', '--dry-run', '--json'], { cwd: fileURLToPath(home) })
  const [{ files }] = JSON.parse(stdout) as [{ files: readonly { readonly path: string }[] }]
  const paths = files.map(({ path }) => path)
  expect(paths).toEqual(
    expect.arrayContaining(['LICENSE', 'README.md', 'dist/main.js', 'dist/witness-main.js']),
  )
  const [own, root] = ['LICENSE', '../LICENSE'].map(path => readFile(new URL(path, home), 'utf8'))
  expect(await own).toBe(await root)
})

test('the page links to nothing that the package does not hold', async () => {
  const page = await readFile(new URL('README.md', home), 'utf8')
  const targets = [...page.matchAll(/\]\(([^)]+)\)/g)].map(match => match[1])
  expect(targets.filter(target => !target?.startsWith('https://'))).toEqual([])
})
