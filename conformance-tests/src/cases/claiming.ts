import assert from 'node:assert/strict'
import { priorities } from '@jobboard/core'
import { priorityRank } from '@jobboard/core/driver'
import type { ConformanceCase } from '../case.js'
import { BareDriver, boardHere, only } from './bare.js'
import { alikeNames, postMany, refusal, upTo } from './support.js'

export const refusedWhileClaimed: ConformanceCase = {
  id: 'claiming/refused-while-claimed',
  law: 'CLAIM-2',
  title: 'claiming a claimed job is refused and names the owner',
  needs: [],
  async run(world) {
    const [first, second] = [await world.client('first'), await world.client('second')]
    const { id } = await first.post('job')
    await first.claim(id, 'alice')
    const error = await refusal(second.claim(id, 'bob'), 'JOBBOARD_ALREADY_CLAIMED')
    assert.equal(error.owner, 'alice')
    assert.equal(await second.findOwner(id), 'alice', 'nothing has changed')
  },
}

export const refusedToTheSameName: ConformanceCase = {
  id: 'claiming/refused-to-the-same-name',
  law: 'CLAIM-2',
  title: 'it is refused also to an owner of the same name, in another client or the same one',
  needs: [],
  async run(world) {
    const [first, second] = [await world.client('first'), await world.client('second')]
    const { id } = await first.post('job')
    const claim = await first.claim(id, 'alice')
    for (const client of [first, second]) {
      const error = await refusal(client.claim(id, 'alice'), 'JOBBOARD_ALREADY_CLAIMED')
      assert.equal(error.owner, 'alice')
    }
    await claim.assertHeld()
  },
}

export const ownersAsGiven: ConformanceCase = {
  id: 'claiming/owners-as-given',
  law: 'CLAIM-2',
  title: 'the owner is named as it was given: the default one, and one of any characters',
  needs: [],
  async run(world) {
    const [first, second] = [await world.client('first'), await world.client('second')]
    for (const owner of [undefined, 'host:1:a', ':a::', 'a/b\\c', '書 "%_" \'', 'x'.repeat(255)]) {
      const { id } = await first.post('job')
      const claim = await first.claim(id, owner)
      if (owner !== undefined) assert.equal(claim.owner, owner)
      const error = await refusal(second.claim(id), 'JOBBOARD_ALREADY_CLAIMED')
      assert.equal(error.owner, claim.owner, 'who is refused is told')
      assert.equal((await second.find(id))?.owner, claim.owner, 'who looks is told')
      await first.consume(id, owner)
    }
  },
}

export const notFound: ConformanceCase = {
  id: 'claiming/not-found',
  law: 'CLAIM-3',
  title: 'a consumed, trashed or unknown job cannot be found for a claim',
  needs: [],
  async run(world) {
    const [client, other] = [await world.client('client'), await world.client('other')]
    const [consumed, trashed] = [await client.post('consumed'), await client.post('trashed')]
    await (await client.claim(consumed.id)).consume()
    await (await client.claim(trashed.id)).trash({ reason: 'no use' })
    for (const id of [consumed.id, trashed.id, world.random.uuid()]) {
      await refusal(other.claim(id), 'JOBBOARD_JOB_NOT_FOUND')
    }
  },
}

export const notAvailableYet: ConformanceCase = {
  id: 'claiming/not-available-yet',
  law: 'CLAIM-3',
  title: 'a delayed job is not available yet, which is not the same as not found',
  needs: [],
  async run(world) {
    const client = await world.client('client')
    const { id } = await client.post('later', { delayMs: world.ttlMs * 10 })
    await refusal(client.claim(id), 'JOBBOARD_NOT_AVAILABLE_YET')
  },
}

export const nextInOrder: ConformanceCase = {
  id: 'claiming/next-in-order',
  law: 'CLAIM-5',
  title: 'claimNext takes the most urgent first, and the oldest first where the backend chooses',
  needs: [],
  async run(world) {
    const poster = await world.client('poster')
    const driver = world.driver()
    const window = driver.claimNext === undefined ? spreadWindow : 1
    await using worker = await boardHere(world, { spreadWindow }, driver)
    const waiting: { readonly id: string; readonly rank: number }[] = []
    for (const priority of world.random.shuffle([
      ...priorities,
      ...priorities,
      ...priorities,
      ...priorities,
    ])) {
      waiting.push({ id: (await poster.post('job', { priority })).id, rank: priorityRank(priority) })
    }
    waiting.sort((a, b) => a.rank - b.rank) // stable: the oldest stay first

    while (waiting.length > 0) {
      const claim = await world.eventually('the next job is claimed', () => worker.board.claimNext())
      const most = waiting.filter(({ rank }) => rank === waiting[0]?.rank).slice(0, window)
      assert.ok(
        most.some(({ id }) => id === claim.job.id),
        `with ${waiting.length} waiting it took a job that is not among the first ${most.length}`,
      )
      waiting.splice(
        waiting.findIndex(({ id }) => id === claim.job.id),
        1,
      )
    }
    assert.equal(await worker.board.claimNext(), undefined, 'nothing is left')
  },
}

export const nextByName: ConformanceCase = {
  id: 'claiming/next-by-name',
  law: 'CLAIM-5',
  title: 'claimNext of given names takes the most urgent of these and passes over all others',
  needs: [],
  async run(world) {
    const [poster, worker] = [await world.client('poster'), await world.client('worker')]
    const jobs = [
      ['red', 'LOW'],
      ['blue', 'VERY_HIGH'],
      ['green', 'NORMAL'],
      ['red', 'HIGH'],
      ['green', 'VERY_LOW'],
    ] as const
    for (const [name, priority] of jobs) await poster.post(name, { priority })

    const names = ['red', 'green']
    const taken: string[] = []
    await world.eventually('all red and green jobs are claimed', async () => {
      const claim = await worker.claimNext({ names })
      if (claim !== undefined) taken.push(`${claim.job.name} ${claim.job.priority}`)
      return taken.length === 4
    })
    assert.deepEqual(taken, ['red HIGH', 'green NORMAL', 'red LOW', 'green VERY_LOW'])
    assert.equal(await worker.claimNext({ names }), undefined)
    assert.equal((await worker.claimNext({ names: ['blue'] }))?.job.name, 'blue')
  },
}

export const nextByExactName: ConformanceCase = {
  id: 'claiming/next-by-exact-name',
  law: 'CLAIM-5',
  title: 'claimNext of a given name takes no job whose name is only alike',
  needs: [],
  async run(world) {
    const [poster, worker] = [await world.client('poster'), await world.client('worker')]
    for (const name of alikeNames) await poster.post(name)
    for (const name of alikeNames.toReversed()) {
      const claim = await world.eventually(`the job "${name}" is claimed`, () =>
        worker.claimNext({ names: [name] }),
      )
      assert.equal(claim.job.name, name)
      assert.equal(await worker.claimNext({ names: [name] }), undefined, 'there is no other')
    }
  },
}

export const nextPassesOver: ConformanceCase = {
  id: 'claiming/next-passes-over',
  law: 'CLAIM-5',
  title:
    'claimNext passes over what is claimed, delayed or settled, and answers nothing when nothing is claimable',
  needs: [],
  async run(world) {
    const [client, worker] = [await world.client('client'), await world.client('worker')]
    const urgent = { priority: 'VERY_HIGH' } as const
    const [claimed, consumed, trashed] = await Promise.all(upTo(3).map(i => client.post(`job ${i}`, urgent)))
    await client.post('delayed', { ...urgent, delayMs: world.ttlMs * 10 })
    await client.claim(claimed?.id ?? '')
    await (await client.claim(consumed?.id ?? '')).consume()
    await (await client.claim(trashed?.id ?? '')).trash({ reason: 'no use' })
    const free = await client.post('free', { priority: 'VERY_LOW' })

    const claim = await world.eventually('the free job is claimed', () => worker.claimNext())
    assert.equal(claim.jobId, free.id)
    assert.equal(await worker.claimNext(), undefined)
  },
}

export const nextOfMany: ConformanceCase = {
  id: 'claiming/next-of-many',
  law: 'CLAIM-5',
  title: 'claimNext finds the first of ten thousand jobs, also by a rare name',
  needs: [],
  async run(world) {
    const [poster, worker] = [await world.client('poster'), await world.client('worker')]
    await postMany(poster, 5_000)
    const rare = await poster.post('rare', { priority: 'VERY_LOW' })
    const urgent = await poster.post('urgent', { priority: 'VERY_HIGH' })
    await postMany(poster, 5_000)

    const next = (names?: readonly string[]) =>
      world.eventually('there is a next job', () => worker.claimNext(names === undefined ? {} : { names }))
    assert.equal((await next(['urgent']))?.jobId, urgent.id)
    assert.equal((await next(['rare']))?.jobId, rare.id)
    assert.equal((await next())?.job.priority, 'VERY_HIGH', 'the most urgent of all')
  },
}

export const tellsTheNextChange: ConformanceCase = {
  id: 'claiming/tells-the-next-change',
  law: 'CLAIM-5',
  title: 'when nothing is claimable the backend tells when the earliest delay or session ends',
  needs: [],
  async run(world) {
    await using bare = await BareDriver.open(world)
    const ask = async (): Promise<number | undefined> => {
      if (bare.driver.claimNext === undefined) {
        return (await bare.driver.read({ kind: 'list', states: 'unclaimed', limit: 10, fresh: true }))
          .nextChangeInMs
      }
      const wish = { claimId: bare.id(), owner: 'bare' }
      const answer = only(await bare.driver.claimNext(await bare.session(), [wish]))
      return answer.kind === 'none'
        ? answer.nextChangeInMs
        : assert.fail(`nothing is claimable, but ${answer.kind}`)
    }
    const assertWithin = (told: number | undefined, ms: number) =>
      assert.ok(
        told !== undefined && told >= 0 && told <= ms,
        `the change is due within ${ms} ms, not ${told}`,
      )

    await bare.post('much later', { delayMs: world.ttlMs * 9 })
    await bare.post('later', { delayMs: world.ttlMs * 5 })
    assertWithin(await ask(), world.ttlMs * 5)
    const id = await bare.post('claimed')
    await bare.take(await bare.session(world.ttlMs), id)
    assertWithin(await ask(), world.takeoverMs)
  },
}

/** Where core chooses, it is told to spread claimers over so many of the first jobs of a priority. */
const spreadWindow = 3
