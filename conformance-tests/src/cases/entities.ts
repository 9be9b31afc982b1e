import assert from 'node:assert/strict'
import type { SessionRef } from '@jobboard/core/driver'
import type { ConformanceCase } from '../case.js'
import { BareDriver } from './bare.js'
import { leave } from './support.js'

const conductor = { kind: 'conductor', name: 'one', metadata: { host: 'h1', flows: ['a', 'b'] } }

export const entityIsListed: ConformanceCase = {
  id: 'entities/listed',
  law: 'ENTITY-1',
  title: 'a registered entity is listed with its kind, name and metadata; registered again it is replaced',
  needs: [],
  async run(world) {
    const [client, reader] = [await world.client('client'), await world.client('reader')]
    assert.deepEqual(await reader.entities(), [])
    await client.registerEntity(conductor)
    assert.deepEqual(await reader.entities(), [conductor])
    const other = { kind: 'worker', name: 'one', metadata: {} }
    await client.registerEntity(other)
    await client.registerEntity({ ...conductor, metadata: { host: 'h2' } })
    const listed = await reader.entities()
    assert.deepEqual(
      listed.toSorted((a, b) => a.kind.localeCompare(b.kind)),
      [{ ...conductor, metadata: { host: 'h2' } }, other],
    )
  },
}

export const entityVanishes: ConformanceCase = {
  id: 'entities/vanish',
  law: 'ENTITY-1',
  title: 'an entity stays while its board lives, and vanishes when that is closed or dies',
  needs: [],
  async run(world) {
    const [closing, dead] = [await world.client('closing'), await world.client('dead')]
    const reader = await world.client('reader')
    await closing.registerEntity({ ...conductor, name: 'closing' })
    await dead.registerEntity({ ...conductor, name: 'dead' })
    const names = async () => (await reader.entities()).map(({ name }) => name).sort()
    await world.never('one of them vanishes', async () => (await names()).length < 2, {
      duringMs: world.ttlMs * 1.3,
    })
    await leave(closing)
    assert.deepEqual(await names(), ['dead'])
    await dead.kill()
    await world.eventually('the dead one vanishes', async () => (await names()).length === 0)
  },
}

export const entityComesBack: ConformanceCase = {
  id: 'entities/announced-anew',
  law: 'ENTITY-1',
  title: 'an entity is announced anew when its board lost its session and has a new one',
  needs: [],
  async run(world) {
    const [sleeper, reader] = [await world.client('sleeper'), await world.client('reader')]
    await sleeper.registerEntity(conductor)
    await sleeper.freeze()
    await world.eventually('it vanishes', async () => (await reader.entities()).length === 0)
    await sleeper.thaw()
    await world.eventually('it is back', async () => (await reader.entities()).length === 1)
    assert.deepEqual(await reader.entities(), [conductor])
  },
}

export const lastAnnouncerHasIt: ConformanceCase = {
  id: 'entities/last-announcer-has-it',
  law: 'ENTITY-1',
  title:
    'an entity that two sessions announce is listed once, and stays while the session that came last lives',
  needs: [],
  async run(world) {
    await using bare = await BareDriver.open(world)
    const announce = async (session: SessionRef, host: string) => {
      const entity = { ...conductor, metadata: { host } }
      const answer = await bare.driver.administer({ kind: 'announce', session, entity })
      assert.equal(answer.kind, 'announced')
    }
    const hosts = async () =>
      (await bare.driver.read({ kind: 'entities' })).map(({ metadata }) => metadata['host'])
    const [first, second] = [await bare.session(), await bare.session()]
    await announce(first, 'h1')
    await announce(second, 'h2')
    assert.deepEqual(await hosts(), ['h2'], 'it is listed once, as announced last')
    await bare.driver.endSession(first, 'closed')
    assert.deepEqual(await hosts(), ['h2'], 'the end of the first session takes nothing away')
    const third = await bare.session()
    await announce(third, 'h3')
    await announce(second, 'h2 again')
    await bare.driver.endSession(third, 'lost')
    assert.deepEqual(await hosts(), ['h2 again'])
    await bare.driver.endSession(second, 'closed')
    assert.deepEqual(await hosts(), [])
  },
}
