import { readdir, readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'

/**
 * TypeScript on a page is a file of this repository, or a part of one, so that it is compiled and tested. The line above
 * the block names the file: `<!-- source: path -->`, or `<!-- part of: path -->`.
 */

const root = new URL('../../../', import.meta.url)
const block = /(?:<!-- (source|part of): (\S+) -->\n)?^```(?:ts|typescript)\n([\s\S]*?)^```$/gm

const guides = (await readdir(new URL('docs/guide/', root))).map(file => `docs/guide/${file}`)

it.each(['README.md', 'packages/core/README.md', 'packages/memory/README.md', ...guides])(
  '%s shows code that exists',
  async page => {
    const text = await readFile(new URL(page, root), 'utf8')
    const blocks = [...text.matchAll(block)]
    expect(blocks.length).toBeGreaterThan(0)
    for (const [whole, relation, path, code = ''] of blocks) {
      if (path === undefined) throw new Error(`a block of ${page} names no file:\n${whole}`)
      const file = await readFile(new URL(path, root), 'utf8')
      if (relation === 'source') expect(code).toBe(file)
      else expect(withoutIndent(file)).toContain(withoutIndent(code))
    }
  },
)

it.each(['producer', 'worker'])('%s.ts fits on a page', async name => {
  const file = await readFile(new URL(`docs/examples/src/${name}.ts`, root), 'utf8')
  expect(file.trimEnd().split('\n').length).toBeLessThanOrEqual(20)
})

/** A part may stand further left on its page than in its file. */
function withoutIndent(code: string): string {
  return code.replaceAll(/^ +/gm, '').trimEnd()
}
