import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, it, onTestFinished } from 'vitest'
import { driver, type RedisLockOptions, redisLock } from '../../src/index.js'
import { environment, openBoard, ownServer, plainClient, posting } from './open-board.js'

async function refusal(
  options: RedisLockOptions,
): Promise<{ readonly kind?: string; readonly message: string }> {
  return openBoard(options, { callTimeoutMs: 500 }).then(
    () => assert.fail('it opened'),
    error => error,
  )
}

describe('opening a board', () => {
  it('by many at once gives one scope', async () => {
    const { url } = await ownServer()
    const boards = await Promise.all(Array.from({ length: 8 }, () => openBoard({ url, board: 'new' })))
    assert.equal(new Set(boards.map(({ scope }) => scope)).size, 1)
    assert.match(boards[0]?.server ?? '', /^Redis \d+\.\d+/)
  })

  it('where nobody listens fails at once', async () => {
    const server = await ownServer()
    await server.kill()
    const error = await refusal({ url: server.url })
    assert.equal(error.kind, 'unavailable')
    assert.match(error.message, /ECONNREFUSED/)
  })

  it('where somebody listens and says nothing fails in time', async () => {
    const mute = createServer(() => {}).listen(0, '127.0.0.1')
    onTestFinished(() => void mute.close())
    await once(mute, 'listening')
    const { port } = mute.address() as { port: number }
    assert.equal((await refusal({ url: `redis://127.0.0.1:${port}` })).kind, 'unavailable')
  })

  it('can be tried again after it failed', async () => {
    const server = await ownServer()
    await server.kill()
    const board = redisLock({ url: server.url })
    onTestFinished(() => board.close())
    const sink = { changed() {}, gap() {}, doubt() {}, malformed() {}, trouble() {} }
    await assert.rejects(board.open(sink, environment()), { kind: 'unavailable' })
    await server.start()
    await board.open(sink, environment())
  })

  it('with a client takes over its settings, and leaves it open', async () => {
    const server = await ownServer()
    const client = plainClient(server.url)
    const { driver: board } = await openBoard({ client, board: 'own' })
    await board.post([posting()])
    await board.close()
    assert.equal(await client.hlen('own:listings'), 1)
  })
})

describe('credentials and rights', () => {
  const password = 's3cr:t/ä'
  const withPassword = (url: string, user: string, secret: string): string =>
    url.replace('redis://', `redis://${user}:${encodeURIComponent(secret)}@`)

  it('a missing or wrong password is told apart from an outage, and never shown', async () => {
    const { url } = await ownServer({ requirepass: password })
    assert.equal((await refusal({ url })).kind, 'unauthenticated')
    const wrong = await refusal({ url: withPassword(url, '', 'guess3d') })
    assert.equal(wrong.kind, 'unauthenticated')
    assert.ok(!wrong.message.includes('guess3d'))
    await openBoard({ url: withPassword(url, '', password) })
  })

  it('a user with the rights that the README names is enough; one without them is refused', async () => {
    const { url } = await ownServer()
    const admin = plainClient(url)
    const rules = ['on', '>pw', '~ours:*', '&ours:.x:events', '+@all', '-@admin', '-@dangerous', '+info']
    await admin.call('ACL', 'SETUSER', 'worker', ...rules)
    await admin.call('ACL', 'SETUSER', 'guest', 'on', '>pw', '~*', '&*', '+@read', '+hello', '+subscribe')
    const { driver: board } = await openBoard({ url: withPassword(url, 'worker', 'pw'), board: 'ours' })
    await board.post([posting()])
    const other = await refusal({ url: withPassword(url, 'worker', 'pw'), board: 'theirs' })
    assert.equal(other.kind, 'forbidden')
    assert.equal((await refusal({ url: withPassword(url, 'guest', 'pw'), board: 'ours' })).kind, 'forbidden')
  })

  it('a database that the server does not have is refused', async () => {
    const { url } = await ownServer()
    assert.equal((await refusal({ url: `${url}/99` })).kind, 'incompatible')
    const { driver: board } = await openBoard({ url: `${url}/3`, board: 'third' })
    await board.post([posting()])
    const third = plainClient(`${url}/3`)
    assert.equal(await third.hlen('third:listings'), 1)
  })

  it("another program's keys are refused", async () => {
    const { url } = await ownServer()
    await plainClient(url).set('foreign:listings', 'text')
    const { driver: board } = await openBoard({ url, board: 'foreign' })
    await assert.rejects(board.post([posting()]), { kind: 'incompatible', message: /another program/ })
  })
})

describe('options and URLs', () => {
  it('unknown options are refused with the known ones', () => {
    assert.throws(() => driver.create({ url: 'redis://h', bord: 'x' }), {
      name: 'InvalidOptionsError',
      message: /unknown option "bord"; known are url, client, board, tls, foreignPollMs/,
    })
  })

  it('wants a URL or a client, and says what is not there without repeating the URL', () => {
    const wrong = [
      'http://h',
      'redis://a,b/0',
      'redis://h/x',
      'redis://h?sentinel=s',
      'redis:',
      'redis://:pa55@h:99999999',
    ]
    for (const url of wrong) {
      assert.throws(
        () => driver.create({ url }),
        error => {
          assert.equal((error as Error).name, 'InvalidOptionsError')
          assert.ok(!(error as Error).message.includes('pa55'))
          return true
        },
        url,
      )
    }
    assert.throws(() => driver.create({}), { name: 'InvalidOptionsError', message: /either url or client/ })
  })

  it('reads the board from the query of a URL', () => {
    const parse = (rest: string, query = {}): unknown => driver.parseUrl({ scheme: 'redis', rest, query })
    assert.deepEqual(parse('//h:6379/0', { board: 'b' }), { url: 'redis://h:6379/0', board: 'b' })
    assert.doesNotThrow(() => driver.create({ url: 'rediss://user:p%40ss@[::1]:6380/2', board: '{b}' }))
  })
})
