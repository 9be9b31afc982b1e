import { Jobboard, type JobboardDriver } from '@jobboard/core'
import { memory } from '@jobboard/memory'
import { expect, it } from 'vitest'

/** A memory board that takes calls and never answers `claimNext`, as a backend that hangs. */
function hung(asked: () => void): JobboardDriver {
  return new Proxy(memory(), {
    get(target, key) {
      if (key === 'claimNext') {
        return () => {
          asked()
          return new Promise(() => {})
        }
      }
      const member: unknown = Reflect.get(target, key)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

it('a worker that is stopped while its backend hangs ends its loop, and does not throw', async () => {
  const stop = new AbortController()
  let wasAsked = (): void => {}
  const asked = new Promise<void>(resolve => {
    wasAsked = resolve
  })
  await using board = new Jobboard(hung(wasAsked), { requestTimeoutMs: 200 })
  await board.connect()
  const troubles: string[] = []
  board.on('error', ({ during }) => troubles.push(during))

  const loop = (async () => {
    for await (const claim of board.claims({ signal: stop.signal })) await claim.consume()
  })()
  await asked
  stop.abort()

  await expect(loop).resolves.toBeUndefined()
  expect(troubles).toContain('claiming the next job')
})
