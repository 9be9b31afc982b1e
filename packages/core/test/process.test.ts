import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

/** What a board does to the process that it lives in (FAULT-5), and what the package shows to it. */

const here = fileURLToPath(new URL('..', import.meta.url))

const execute = promisify(execFile)

/** Runs code in a process of its own, to which the packages are known by their names, and answers what it wrote. */
async function runNode(code: string): Promise<string> {
  const args = ['--unhandled-rejections=strict', '--input-type=module', '--eval', code]
  const { stdout } = await execute(process.execPath, args, { cwd: here, timeout: 20_000 })
  return stdout.trim()
}

/** The same with a way to make boards, and a last line that tells how the process ended. */
function run(code: string): Promise<string> {
  return runNode(`
    import { Jobboard } from '@jobboard/core'
    import { memory, MemoryBackend } from '@jobboard/memory'
    const backend = new MemoryBackend()
    const make = (options = {}, driver = memory({ backend })) => new Jobboard(driver, options)
    process.on('exit', code => console.log('exit', code))
    ${code}`)
}

/** A driver that hangs once it is told to. */
const hanging = `
  let hung = false
  const driver = new Proxy(memory({ backend }), {
    get: (target, key) => {
      const member = Reflect.get(target, key)
      if (typeof member !== 'function') return member
      return (...args) => (hung ? new Promise(() => {}) : member.apply(target, args))
    },
  })`

describe('a process', () => {
  it('ends after close, though there were claims, waits, workers and entities', async () => {
    const out = await run(`
      const board = await make().connect()
      const job = await board.post('held')
      await board.claim(job)
      await board.registerEntity({ kind: 'conductor', name: 'c' })
      const ended = Promise.allSettled([job.wait(), board.waitForJob(), (async () => { for await (const _ of board.claims()); })()])
      await board.close()
      console.log((await ended).map(({ status, reason }) => reason?.code ?? status).join(' '))
      console.log(process.getActiveResourcesInfo().filter(kind => kind === 'Timeout' || kind === 'Immediate').length)
    `)
    expect(out.split('\n')).toEqual(['JOBBOARD_CLOSED JOBBOARD_CLOSED fulfilled', '0', 'exit 0'])
  })

  it('ends after close, though the backend hangs and calls were running', async () => {
    const out = await run(`${hanging}
      const board = await make({ requestTimeoutMs: 300 }, driver).connect()
      await board.claim(await board.post('held'))
      hung = true
      const calls = Promise.allSettled([board.post('job'), board.count(), board.claimNext(), board.registerEntity({ kind: 'k', name: 'n' })])
      await board.close().catch(error => console.log(error.code))
      console.log((await calls).map(({ reason }) => reason?.code).join(' '))
      console.log(process.getActiveResourcesInfo().filter(kind => kind === 'Timeout' || kind === 'Immediate').length)
    `)
    expect(out.split('\n')).toEqual([
      'JOBBOARD_UNAVAILABLE',
      'JOBBOARD_OUTCOME_UNKNOWN JOBBOARD_CLOSED JOBBOARD_OUTCOME_UNKNOWN JOBBOARD_OUTCOME_UNKNOWN',
      '0',
      'exit 0',
    ])
  })

  it('is not kept alive by a board that nobody waits for, closed or not', async () => {
    const out = await run(`
      const board = await make().connect()
      await board.claim(await board.post('held'))
      await board.registerEntity({ kind: 'conductor', name: 'c' })
    `)
    expect(out).toBe('exit 0')
  })

  it.each([
    ['a worker', '(await board.claims().next()).value.job.name'],
    ['a wait for a job', '(await board.waitForJob()).name'],
    ['a wait for the end of a job', "(await (await board.post('late')).wait({ timeoutMs: 400 })) || 'late'"],
  ])('stays alive for %s', async (_, wait) => {
    // Nothing else does: the timer that posts is none that a process waits for.
    const out = await run(`
      const [board, other] = [await make({ refreshMs: 60_000 }).connect(), await make().connect()]
      setTimeout(() => other.post('late'), 200).unref()
      console.log(${wait})
      await board.close()
      await other.close()
    `)
    expect(out.split('\n')).toEqual(['late', 'exit 0'])
  })

  it('survives a driver that throws, and listeners that do', async () => {
    const out = await run(`
      let sent = 0
      const driver = new Proxy(memory({ backend }), {
        get: (target, key) => {
          const member = Reflect.get(target, key)
          if (key === 'read') return () => {
            if (++sent === 1) return Promise.reject(Object.assign(new Error('down'), { kind: 'unavailable' }))
            throw new Error('thrown, not rejected')
          }
          return typeof member === 'function' ? member.bind(target) : member
        },
      })
      const board = await make({ requestTimeoutMs: 200 }, driver).connect()
      for (const event of ['posted', 'error']) board.on(event, async () => { throw new Error('a listener') })
      await board.post('job')
      for (let i = 0; i < 2; i++) console.log(await board.count().catch(error => error.code))
      await board.close()
    `)
    expect(out.split('\n')).toEqual(['JOBBOARD_DRIVER_DEFECT', 'JOBBOARD_DRIVER_DEFECT', 'exit 0'])
  })
})

describe('the package', () => {
  const require = createRequire(import.meta.url)

  it.each(['@jobboard/core', '@jobboard/core/driver'])('shows %s', async name => {
    expect(Object.keys(await import(name)).length).toBeGreaterThan(0)
  })

  it.each(['persistence', 'package.json', 'dist/index.js', 'src/index.ts', 'session', 'dist/session.js'])(
    'does not show %s',
    path => {
      expect(() => require.resolve(`@jobboard/core/${path}`)).toThrow(
        expect.objectContaining({ code: 'ERR_PACKAGE_PATH_NOT_EXPORTED' }),
      )
    },
  )

  it('shows drivers a part that leaves the container alone', async () => {
    const code = "await import('@jobboard/core/driver'); console.log('defineMetadata' in Reflect)"
    expect(await runNode(code)).toBe('false')
  })
})
