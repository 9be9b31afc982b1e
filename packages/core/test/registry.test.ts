import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type BoardConfig, type DriverDefinition, fetchBoard, type Jobboard, redactUrl } from '@jobboard/core'
import { DriverError } from '@jobboard/core/driver'
import { memory, driver as memoryDriver } from '@jobboard/memory'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { tampered } from './support.js'

/** From a name or a URL to a driver and its options. */

let app: string
const boards: Jobboard[] = []

beforeAll(async () => {
  app = await mkdtemp(join(tmpdir(), 'jobboard-registry-'))
  const memoryUrl = pathToFileURL(createRequire(import.meta.url).resolve('@jobboard/memory')).href
  const definition = (parts: string): string => `
    import { memory } from '${memoryUrl}'
    export const seen = globalThis[Symbol.for('jobboard-registry-test')] ??= []
    export const driver = {
      name: 'test', apiVersion: 1, schemes: [],
      create: options => (seen.push(['create', options]), memory()),
      parseUrl: url => (seen.push(['parseUrl', url]), { ...url.query, from: url.rest }),
      ${parts}
    }`
  await install('jobboard-good', definition(''))
  await install('@acme/jobboard', definition(''))
  await install('jobboard-later', definition('apiVersion: 2'))
  await install('jobboard-half', definition('parseUrl: undefined'))
  await install('jobboard-import-only', definition(''), { import: './index.js' })
  await install('jobboard-none', 'export const other = 1')
  await install('jobboard-broken', "import 'a-package-that-is-not-there'")
  await install('jobboard-unbuilt', definition(''), './dist/index.js')
  return () => rm(app, { recursive: true })
})

async function install(name: string, code: string, exports: unknown = './index.js'): Promise<void> {
  const folder = join(app, 'node_modules', name)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name, type: 'module', exports }))
  await writeFile(join(folder, 'index.js'), code)
}

afterEach(async () => {
  await Promise.all(boards.splice(0).map(board => board.close()))
})

const fetched: typeof fetchBoard = async (name, where, options) => {
  const board = await fetchBoard(name, where, { from: app, ...options })
  boards.push(board)
  return board
}

/** What the drivers of the test packages were asked since the last time. */
function seen(): unknown[] {
  const all = Reflect.get(globalThis, Symbol.for('jobboard-registry-test')) as unknown[] | undefined
  return all?.splice(0) ?? []
}

describe('fetchBoard', () => {
  it('connects a board by URL or by configuration, and they share what they name', async () => {
    const byUrl = await fetched('label', 'memory:pictures')
    const again = await fetched('pictures', { board: 'memory' })
    const { id } = await byUrl.post('job')
    expect(byUrl.connected).toBe(true)
    expect(byUrl.name).toBe('label')
    expect((await again.find(id))?.name).toBe('job')
  })

  it('takes the name for the board at the backend where nothing else names one', async () => {
    const [one, two] = [await fetched('by-label', 'memory:'), await fetched('by-label', { board: 'memory' })]
    const { id } = await one.post('job')
    expect(await two.find(id)).toBeDefined()
    expect(await (await fetched('another', 'memory:')).find(id)).toBeUndefined()
  })

  it('takes options of the board from the query or the configuration; those passed count more', async () => {
    const url = 'memory:options?sessionTtlMs=60000&owner=me'
    const board = await fetched('label', url)
    const claim = await board.claim(await board.post('job'))
    expect(claim.owner).toBe('me')
    expect(claim.deadline.getTime() - Date.now()).toBeGreaterThan(50_000)
    const other = await fetched(
      'label',
      { board: 'memory', sessionTtlMs: 60_000, owner: 'me' },
      { owner: 'you' },
    )
    expect((await other.claim(await other.post('job'))).owner).toBe('you')
  })

  it.each<[string, string | BoardConfig, string]>([
    ['unknown', 'memory:x?ttl=5', 'unknown option "ttl"; known are backend, board, claimNext'],
    ['unknown', { board: 'memory', ttl: 5 }, 'unknown option "ttl"; known are backend, board, claimNext'],
    ['unknown', 'memory:x?ttl=5', 'and of every board owner, sessionTtlMs, requestTimeoutMs'],
    ['a fragment', 'file:a#b', '"file:a#b" is no board URL; it must not contain #'],
    ['out of range', 'memory:x?sessionTtlMs=5', 'sessionTtlMs must be a whole number of at least 1000'],
    ['out of range', { board: 'memory', refreshMs: 1 }, 'refreshMs must be a whole number of at least 10'],
    ['given twice', 'memory:x?owner=a&owner=b', 'memory:x?owner=a&owner=b: option "owner" is given twice'],
    ['missing', {} as BoardConfig, "a board's configuration needs `board`, the name of its driver"],
    ['missing', 'just a text', '"just a text" is no board URL; it needs a scheme, as in file:./board'],
    ['missing', '', '"" is no board URL'],
    ['missing', 7 as never, 'a board is named by a URL or a configuration, not a number'],
    ['missing', null as never, 'a board is named by a URL or a configuration, not null'],
  ])('refuses what is %s (case %#)', async (_, where, message) => {
    await expect(fetched('label', where)).rejects.toMatchObject({
      code: 'JOBBOARD_INVALID_OPTIONS',
      message: expect.stringContaining(message),
    })
  })

  it('lets an option that is passed as undefined stand as the URL says', async () => {
    const board = await fetched('label', 'memory:undefined?owner=bob', { owner: undefined } as never)
    const claim = await board.claim(await board.post('job'))
    expect(claim.owner).toBe('bob')
  })

  it('takes a package with a scope for the driver of a URL', async () => {
    await expect(fetched('label', '@acme/driver+x:foo')).rejects.toMatchObject({
      code: 'JOBBOARD_DRIVER_NOT_FOUND',
      message: expect.stringContaining('npm install @acme/driver.'),
    })
  })

  it('knows drivers that are passed, by name and by scheme, before all others', async () => {
    const made: unknown[] = []
    const own: DriverDefinition = {
      name: 'memory',
      apiVersion: 1,
      schemes: ['mem'],
      create: options => {
        made.push(options)
        return memory()
      },
      parseUrl: ({ scheme, rest, query }) => ({ ...query, scheme, rest }),
    }
    const options = { drivers: [own] }
    await fetched('label', { board: 'memory', a: 1, refreshMs: 5_000 }, options)
    await fetched('label', 'MEM://Host:1,b:2/Path?b=%20x', options)
    expect(made).toEqual([{ a: 1 }, { scheme: 'mem', rest: '//Host:1,b:2/Path', b: ' x' }])
  })

  it('closes the driver when connecting fails', async () => {
    const calls: string[] = []
    const open = (): Promise<never> => Promise.reject(new DriverError('incompatible', 'too old'))
    const own = { ...memoryDriver, create: () => tampered(memory(), { open }, calls) }
    await expect(fetched('label', 'memory:x', { drivers: [own] })).rejects.toMatchObject({
      code: 'JOBBOARD_INCOMPATIBLE_BACKEND',
    })
    expect(calls).toEqual(['open', 'close'])
  })
})

describe('a driver package', () => {
  it('is found in the folder of the application, by its name in a configuration', async () => {
    await fetched('label', { board: '@acme/jobboard', a: 1, owner: 'me' })
    expect(seen()).toEqual([['create', { a: 1 }]])
  })

  it('is found by a URL that begins with its name', async () => {
    await fetched('label', 'jobboard-good+tcp://host/path?a=1&refreshMs=5000')
    const url = { scheme: 'jobboard-good+tcp', rest: '//host/path', query: { a: '1' } }
    expect(seen()).toEqual([
      ['parseUrl', url],
      ['create', { a: '1', from: '//host/path' }],
    ])
  })

  it.each([
    [
      'redis://user:hunter2@host/0',
      'The driver for redis boards is not installed; install it with: npm install @jobboard/redis-lock.',
    ],
    [
      { board: 'postgres' },
      'The driver for postgres boards is not installed; install it with: npm install @jobboard/postgres.',
    ],
    [
      'nats://user:hunter2@host',
      'No driver is known for nats: URLs. That of a third party is named with its package, as in PACKAGE+nats:.',
    ],
    [
      { board: 'jobboard-nats' },
      'The driver package jobboard-nats is not installed; install it with: npm install jobboard-nats.',
    ],
    [
      'jobboard-nats+tls://h',
      'The driver package jobboard-nats is not installed; install it with: npm install jobboard-nats.',
    ],
  ])('that is not installed gives the command that installs it (case %#)', async (where, message) => {
    const error = await fetched('label', where).catch((error: Error) => error)
    expect(error).toMatchObject({ code: 'JOBBOARD_DRIVER_NOT_FOUND' })
    expect((error as Error).message).toContain(message)
    expect((error as Error).message).toContain('Known drivers: memory, sqlite (file:),')
    expect((error as Error).message).not.toContain('hunter2')
  })

  it.each(['http://localhost', 'https://localhost', 'node:fs', 'fs:x'])(
    'is no part of Node: %s',
    async url => {
      await expect(fetched('label', url)).rejects.toMatchObject({ code: 'JOBBOARD_DRIVER_NOT_FOUND' })
    },
  )

  it.each([
    [
      'jobboard-none',
      'jobboard-none is no jobboard driver: it has no export named driver with create and parseUrl',
    ],
    [
      'jobboard-half',
      'jobboard-half is no jobboard driver: it has no export named driver with create and parseUrl',
    ],
    ['jobboard-later', 'jobboard-later was written for version 2 of the driver interface; this is version 1'],
    [
      'jobboard-import-only',
      'jobboard-import-only is installed, but its package.json exports nothing under the condition `default`',
    ],
    [
      'jobboard-broken',
      "jobboard-broken is installed, but cannot be loaded: Cannot find package 'a-package-that-is-not-there'",
    ],
    ['jobboard-unbuilt', 'jobboard-unbuilt is installed, but cannot be loaded: Cannot find module'],
  ])('is checked: %s', async (board, message) => {
    await expect(fetched('label', { board })).rejects.toMatchObject({
      code: 'JOBBOARD_DRIVER_NOT_FOUND',
      message: expect.stringContaining(message),
    })
  })
})

describe('URLs in messages', () => {
  it.each([
    ['redis://user:hunter2@host:6379/0', 'redis://user:***@host:6379/0'],
    ['redis://:hunter2@host', 'redis://:***@host'],
    ['postgres://user:hunter2@a:1,b:2/db', 'postgres://user:***@a:1,b:2/db'],
    ['postgres://u:hunter2@a:1,v:hunter3@b:2/db', 'postgres://u:***@b:2/db'],
    // Characters that should have been encoded are no reason to show the rest.
    ['redis://user:hun/ter2@host', 'redis://user:***@host'],
    ['redis://user:hun@ter2@host', 'redis://user:***@host'],
    ['redis://user:hun?ter2@host', 'redis://user:***@host'],
    ['redis://user:hun#ter2@host', 'redis://user:***@host'],
    [' redis://user:hunter2@host', ' redis://user:***@host'],
    ['redis//user:hunter2@host', 'redis//user:***@host'],
    ['//user:hunter2@host', '//user:***@host'],
    ['"redis://user:hunter2@host"', '"redis://user:***@host"'],
    ['etcds://h:1,h:2/b?password=hunter2&x=1', 'etcds://h:1,h:2/b?password=***&x=1'],
    ['etcds://h/b?x=1&authToken=hunter2', 'etcds://h/b?x=1&authToken=***'],
    ['x:y?secret=hunter2#z', 'x:y?secret=***#z'],
    ['x:y?credential=hunter2&apiKey=hunter3&PWD=hunter4', 'x:y?credential=***&apiKey=***&PWD=***'],
    ['file:./board?pollMs=5', 'file:./board?pollMs=5'],
    ['file:///home/me@work/board', 'file:///home/me@work/board'],
    ['redis://user@host:6379/0', 'redis://user@host:6379/0'],
  ])('%s is shown as %s', (url, shown) => {
    expect(redactUrl(url)).toBe(shown)
  })

  it('have no password when they are refused', async () => {
    for (const url of [' redis://u:hunter2@h', 'redis://u:hunter2@h?a=1&a=2', 'redis://u:hunter2@h#x']) {
      const error = await fetched('label', url).catch((error: Error) => error)
      expect(error).toMatchObject({ code: 'JOBBOARD_INVALID_OPTIONS' })
      expect((error as Error).message).not.toContain('hunter2')
    }
  })
})
