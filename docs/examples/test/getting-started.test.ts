import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const root = new URL('../../../', import.meta.url)

it('the commands of getting-started.md do what the page says, one after the other', async () => {
  const page = await readFile(new URL('docs/guide/getting-started.md', root), 'utf8')
  const blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block)
  const commands = blocks.filter(block => block.startsWith('jobboard '))
  expect(commands.length).toBeGreaterThan(1)

  const folder = await mkdtemp(join(tmpdir(), 'jobboard-getting-started-'))
  try {
    const main = fileURLToPath(new URL('packages/cli/dist/main.js', root))
    // A program and no function of the shell, so that `kill -9 $!` hits it.
    const program = `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`
    await writeFile(join(folder, 'jobboard'), program, { mode: 0o755 })
    const script = ['set -e', ...commands, 'jobboard --json count']
    const options = { cwd: folder, env: { ...process.env, PATH: `${folder}:${process.env['PATH']}` } }
    const { stdout } = await promisify(execFile)('bash', ['-c', script.join('\n')], options)
    expect(stdout).toMatch(/"name":"resize".*"details":\{"file":"holiday.png","width":800\}/)
    expect(stdout).toContain('\nattempt 2, takeover 1\n')
    const counts: unknown = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
    expect(counts).toEqual({ unclaimed: 0, delayed: 0, claimed: 0, trashed: 0 })
  } finally {
    await rm(folder, { recursive: true })
  }
})
