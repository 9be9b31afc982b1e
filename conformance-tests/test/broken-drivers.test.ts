import { readdir } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { brokenDrivers, groupNames } from './broken-drivers/all.js'

test('at least fifteen drivers are broken, each in its own way', () => {
  const names = brokenDrivers.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  expect(names.length).toBeGreaterThanOrEqual(15)
  const unexplained = brokenDrivers.filter(({ laws, because }) => laws.length > 1 && because === undefined)
  expect(unexplained).toEqual([])
})

test('each group of them is tested', async () => {
  const files = await readdir(new URL('./broken-drivers/', import.meta.url))
  const tested = files.flatMap(file => /^(.*)\.test\.ts$/.exec(file)?.[1] ?? [])
  expect(tested.filter(name => name !== 'right-drivers').sort()).toEqual([...groupNames].sort())
})
