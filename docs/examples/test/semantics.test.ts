import { readFile } from 'node:fs/promises'
import { laws } from '@jobboard/conformance-tests'
import { expect, it } from 'vitest'

it('semantics.md states every law of the suite in its order, and no other', async () => {
  const page = await readFile(new URL('../../reference/semantics.md', import.meta.url), 'utf8')
  const stated = [...page.matchAll(/^- \*\*([A-Z]+-\d+)\*\* \S/gm)].map(([, law]) => law)
  expect(stated).toEqual(laws)
})
