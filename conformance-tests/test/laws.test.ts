import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { allCases } from '../src/cases/index.js'
import { laws, lawsToCome, lawsWithoutCase } from '../src/laws.js'

test('every law has a case, but for those that come with persistence', () => {
  expect(lawsWithoutCase(allCases)).toEqual([])
  expect(lawsToCome.every(law => law.startsWith('PERSIST-'))).toBe(true)
})

test('a law without a case is found', () => {
  const others = allCases.filter(one => one.law !== 'SETTLE-2')
  expect(lawsWithoutCase(others)).toEqual(['SETTLE-2'])
})

test('the laws are those of the page about semantics, in its order', async () => {
  const page = await readFile(new URL('../../docs/reference/semantics.md', import.meta.url), 'utf8')
  const onPage = [...page.matchAll(/^(?:- |#+ |\| )\*{0,2}([A-Z]+-\d+)\b/gm)].map(match => match[1])
  expect([...new Set(onPage)]).toEqual(laws)
})

test('ids of cases are unique, and say which file of cases they belong to', () => {
  const ids = allCases.map(one => one.id)
  expect(new Set(ids).size).toBe(ids.length)
  for (const id of ids) expect(id).toMatch(/^[a-z]+\/[a-z0-9-]+$/)
})
