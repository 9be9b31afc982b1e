import { Jobboard, type JobboardOptions, silentLogger, tokens } from '@jobboard/core'
import { FakeClock, memory } from '@jobboard/memory'
import { container as globalContainer, type InjectionToken } from 'tsyringe'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../src/clock.js'
import { resolveParts } from '../src/container.js'
import { checkJobboardOptions } from '../src/options.js'

/** Parts of a board that users put in its place with tsyringe. */

const clock = new FakeClock(0)

function parts(options: JobboardOptions = {}): ReturnType<typeof resolveParts> {
  return resolveParts(memory(), checkJobboardOptions(options))
}

afterEach(() => globalContainer.clearInstances())

describe('the parts of a board', () => {
  it('have defaults', () => {
    const { clock, newId } = parts()
    expect(clock).toBe(systemClock)
    expect(newId()).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    expect(newId()).not.toBe(newId())
  })

  it('come from a container that was passed, and from its parents', () => {
    const parent = globalContainer.createChildContainer()
    const container = parent.createChildContainer()
    parent.register(tokens.clock, { useValue: clock })
    container.register(tokens.newId, { useValue: () => 'mine' })
    expect(parts({ container }).clock).toBe(clock)
    expect(parts({ container }).newId()).toBe('mine')
  })

  it('come from options first', () => {
    const container = globalContainer.createChildContainer()
    container.register(tokens.clock, { useValue: systemClock })
    expect(parts({ container, clock }).clock).toBe(clock)
    expect(container.resolve(tokens.clock)).toBe(systemClock)
  })

  it('are made once per board where a factory was registered', () => {
    const container = globalContainer.createChildContainer()
    let made = 0
    container.register(tokens.newId, {
      useFactory: () => {
        const id = String(++made)
        return () => id
      },
    })
    const board = parts({ container })
    expect([board.newId(), board.newId(), parts({ container }).newId()]).toEqual(['1', '1', '2'])
  })

  it('do not come from the global container, which nobody passed', () => {
    globalContainer.register(tokens.clock, { useValue: clock })
    try {
      expect(parts().clock).toBe(systemClock)
      expect(parts({ container: globalContainer }).clock).toBe(clock)
    } finally {
      globalContainer.reset()
    }
  })

  it('leave nothing behind in the container that was passed', () => {
    const container = globalContainer.createChildContainer()
    parts({ container, clock })
    for (const token of Object.values<InjectionToken>(tokens))
      expect(container.isRegistered(token)).toBe(false)
  })

  it('are those that the board works with', async () => {
    const logged: string[] = []
    const container = globalContainer.createChildContainer()
    container.register(tokens.clock, { useValue: clock })
    container.register(tokens.newId, {
      useValue: (
        n => () =>
          `id ${n++}`
      )(1),
    })
    const logger = { ...silentLogger, warn: (message: string) => logged.push(message) }
    container.register(tokens.logger, { useValue: logger })
    await using board = await new Jobboard(memory(), { name: 'b', container }).connect()
    const job = await board.post('job')
    expect([job.id, job.createdOn]).toEqual(['id 1', new Date(0)])
    const told = new Promise(resolve => board.on('error', resolve))
    board.on('posted', () => {
      throw new Error('a listener that throws')
    })
    await board.post('job')
    await told
    expect(logged).toEqual(['b: a listener that throws (in a listener of posted events)'])
  })

  it('are found by tokens that are the same in every copy of this package', () => {
    expect(tokens).toEqual({
      clock: Symbol.for('@jobboard/core/clock'),
      logger: Symbol.for('@jobboard/core/logger'),
      newId: Symbol.for('@jobboard/core/newId'),
    })
  })
})
