import { Jobboard, type JobboardDriver } from '@jobboard/core'
import { FakeClock, MemoryBackend, memory } from '@jobboard/memory'
import { expect, it } from 'vitest'

/** A board whose process dies: nothing of it reaches the backend any more, its goodbye included. */
function dying(driver: JobboardDriver): JobboardDriver {
  return new Proxy(driver, {
    get(target, key) {
      if (key === 'endSession') return () => Promise.resolve()
      const member: unknown = Reflect.get(target, key)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

it('a session that ran out while no board was there is ended for the next one, which only listens', async () => {
  const clock = new FakeClock()
  const backend = new MemoryBackend(clock)
  const dead = await new Jobboard(dying(memory({ backend })), { clock }).connect()
  const { id } = await dead.post('job')
  await dead.claim(id)
  await dead.close()

  await using board = await new Jobboard(memory({ backend }), { clock }).connect()
  const released: string[] = []
  board.on('released', ({ jobId, why }) => released.push(`${jobId} ${why}`))
  await clock.advance(15_000)
  expect(released).toEqual([`${id} lost`])
})
