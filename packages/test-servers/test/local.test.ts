import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, it, onTestFinished } from 'vitest'
import { startServer, type TestServer } from '../src/index.js'

/** One request in Redis's own words, and the first bytes of the answer. */
function ask(url: string, request: string, withinMs = 1_000): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname, () => socket.write(`${request}\r\n`))
    socket.setTimeout(withinMs, () => socket.destroy(new Error('no answer')))
    socket.once('error', reject)
    socket.once('data', data => {
      socket.destroy()
      resolve(data.toString().trim())
    })
  })
}

async function redis(settings: Readonly<Record<string, string>> = {}): Promise<TestServer> {
  const server = await startServer({ kind: 'redis', settings })
  onTestFinished(() => server[Symbol.asyncDispose]())
  return server
}

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 5_000
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not in time: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('a local server', () => {
  it('listens on the loopback with the settings that were asked for, beside others', async () => {
    const [one, other] = [await redis(), await redis({ maxmemory: '7mb' })]
    assert.notEqual(one.url, other.url)
    assert.equal(await ask(one.url, 'PING'), '+PONG')
    assert.match(await ask(other.url, 'CONFIG GET maxmemory'), /7340032/)
    assert.match(await ask(one.url, 'CONFIG GET bind'), /127\.0\.0\.1/)
  })

  it('does not answer while it is paused, and goes on afterwards', async () => {
    const server = await redis()
    await server.pause()
    await assert.rejects(ask(server.url, 'PING', 200), /no answer/)
    await server.resume()
    assert.equal(await ask(server.url, 'PING'), '+PONG')
  })

  it('comes back at the same address, with what it keeps on disk', async () => {
    const server = await redis({ appendonly: 'yes' })
    await ask(server.url, 'SET key kept')
    await server.restart()
    assert.match(await ask(server.url, 'GET key'), /kept/)
    await server.stop()
    await assert.rejects(ask(server.url, 'PING'))
    await server.start()
    assert.match(await ask(server.url, 'GET key'), /kept/)
  })

  it('can be killed while it is paused, and leaves no folder behind', async () => {
    const folders = (): number =>
      readdirSync(tmpdir()).filter(name => name.startsWith('jobboard-redis-server-')).length
    const before = folders()
    const server = await redis()
    await server.pause()
    await server[Symbol.asyncDispose]()
    await assert.rejects(ask(server.url, 'PING'))
    assert.equal(folders(), before)
  })

  it('that cannot start says what it printed', async () => {
    await assert.rejects(
      startServer({ kind: 'redis', settings: { 'no-such-setting': '1' } }),
      /no-such-setting/,
    )
  })
})

describe('a process that is killed', () => {
  const starter = fileURLToPath(new URL('./starter.mjs', import.meta.url))

  it.each(['running', 'paused'])('takes its %s server with it, folder and all', async state => {
    const temporary = mkdtempSync(join(tmpdir(), 'jobboard-starter-'))
    onTestFinished(() => rmSync(temporary, { recursive: true, force: true }))
    const child = spawn(process.execPath, [starter, state], {
      env: { ...process.env, TMPDIR: temporary },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const pid = await firstNumber(child)
    assert.equal(isAlive(pid), true)
    child.kill('SIGKILL')
    await until('the server is gone', () => !isAlive(pid))
    await until('its folder is gone', () => readdirSync(temporary).length === 0)
    assert.equal(existsSync(temporary), true)
  })
})

it('the end of a server is waited for by a process that has nothing else to do', async () => {
  const temporary = mkdtempSync(join(tmpdir(), 'jobboard-starter-'))
  onTestFinished(() => rmSync(temporary, { recursive: true, force: true }))
  const starter = fileURLToPath(new URL('./starter.mjs', import.meta.url))
  const child = spawn(process.execPath, [starter, 'ended'], {
    env: { ...process.env, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const status = await new Promise(resolve => child.once('exit', resolve))
  assert.equal(status, 0)
  assert.deepEqual(readdirSync(temporary), [])
})

function firstNumber(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.stdout?.once('data', text => resolve(Number(text)))
    child.once('exit', status => reject(new Error(`it ended with ${status}`)))
  })
}
