import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import * as memory from '@jobboard/memory'
import * as redisLock from '@jobboard/redis-lock'
import * as sqlite from '@jobboard/sqlite'
import { describe, expect, it } from 'vitest'

/** What options.md says of the drivers' own options: their names as the code knows them, their defaults as it declares them. */

const drivers = [
  { name: 'memory', driver: memory.driver, enough: {} },
  { name: 'redis-lock', driver: redisLock.driver, enough: { url: 'redis://unused' } },
  { name: 'sqlite', driver: sqlite.driver, enough: { dir: 'unused' } },
]

describe.each(drivers)('options of $name', ({ name, driver, enough }) => {
  it('are those that the driver knows', async () => {
    expect((await documented(name)).map(([option]) => option)).toEqual(known())
  })

  it('have the defaults that their types declare', async () => {
    const page = new Map((await documented(name)).map(([option = '', value]) => [option, value]))
    const declared = await declaredDefaults(name)
    expect(declared.size).toBeGreaterThan(0)
    for (const [option, value] of declared)
      expect(`${option}: ${page.get(option)}`).toBe(`${option}: ${value}`)
  })

  it('have the least values of the driver', async () => {
    for (const [option = '', , least = ''] of await documented(name)) {
      if (least === '') continue
      expect(() => driver.create({ ...enough, [option]: Number(least) })).not.toThrow()
      expect(() => driver.create({ ...enough, [option]: Number(least) - 1 })).toThrow(`${option} must be`)
    }
  })

  /** The list that a wrong option is answered with. */
  function known(): string[] {
    try {
      driver.create({ ...enough, noSuchOption: 1 })
    } catch (error) {
      return /known are (.*)$/.exec((error as Error).message)?.[1]?.split(', ') ?? []
    }
    throw new Error(`${name} accepts an option that it does not know`)
  }
})

/** Rows of a driver's table: option, default, least value. */
async function documented(name: string): Promise<string[][]> {
  const page = await readFile(new URL('../../reference/options.md', import.meta.url), 'utf8')
  const [, after = ''] = page.split(`\n## Of \`${name}\`\n`)
  const rows = after.split('\n## ')[0]?.match(/^\| `.*\|$/gm) ?? []
  return rows.map(row =>
    row
      .slice(1, -1)
      .split('|')
      .map(cell => cell.trim().replaceAll('`', '')),
  )
}

/** The `@default` of every option in the published types, by option. */
async function declaredDefaults(name: string): Promise<Map<string, string>> {
  const folder = dirname(createRequire(import.meta.url).resolve(`@jobboard/${name}`))
  const files = (await readdir(folder)).filter(file => /^(index|options)\.d\.ts$/.test(file))
  const types = await Promise.all(files.map(file => readFile(join(folder, file), 'utf8')))
  const documentedOption = /\/\*\*((?:(?!\*\/)[\s\S])*?)\*\/\s*readonly (\w+)\??:/g
  const found = [...types.join('\n').matchAll(documentedOption)].map(([, comment = '', option = '']) => {
    return [option, /@default (.+?)\s*$/m.exec(comment)?.[1]] as const
  })
  return new Map(found.filter((entry): entry is readonly [string, string] => entry[1] !== undefined))
}
