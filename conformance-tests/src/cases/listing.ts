import assert from 'node:assert/strict'
import { priorities } from '@jobboard/core'
import type { ConformanceCase } from '../case.js'
import type { Client, JobView } from '../world.js'
import { BareDriver } from './bare.js'
import { alikeNames, begun, idsOf, namesOf, upTo } from './support.js'

export const order: ConformanceCase = {
  id: 'listing/order',
  law: 'LIST-1',
  title: 'the board lists the most urgent first, then the oldest first',
  needs: [],
  async run(world) {
    const [poster, reader] = [await world.client('poster'), await world.client('reader')]
    const posted = world.random.shuffle(priorities.flatMap(priority => [priority, priority, priority]))
    for (const [i, priority] of posted.entries()) await poster.post(`${priority} ${i}`, { priority })

    const expected = priorities.flatMap(priority =>
      posted.flatMap((own, i) => (own === priority ? [`${priority} ${i}`] : [])),
    )
    assert.deepEqual(namesOf(await reader.list({ ensureFresh: true })), expected, 'all jobs')
    assert.deepEqual(
      namesOf(await reader.list({ ensureFresh: true, state: 'unclaimed' })),
      expected,
      'unclaimed',
    )
  },
}

export const withoutFreshness: ConformanceCase = {
  id: 'listing/without-freshness',
  law: 'LIST-1',
  title: 'a listing that need not be fresh soon shows the same jobs in the same order',
  needs: [],
  async run(world) {
    const [client, reader] = [await world.client('client'), await world.client('reader')]
    for (const i of upTo(15)) await client.post(`kind ${i % 2}`, { priority: world.random.pick(priorities) })
    const inOrder = await client.list({ ensureFresh: true })
    const claimed = inOrder.filter((_, i) => i % 3 === 0)
    for (const { id } of claimed) await client.claim(id)
    const isClaimed = (id: string) => claimed.some(job => job.id === id)
    const free = inOrder.filter(({ id }) => !isClaimed(id))
    const expected: readonly (readonly [Parameters<Client['list']>[0], readonly JobView[]])[] = [
      [{}, inOrder],
      [{ state: 'unclaimed' }, free],
      [{ state: 'claimed' }, claimed],
      [{ names: ['kind 1'] }, inOrder.filter(({ name }) => name === 'kind 1')],
    ]
    for (const [options, jobs] of expected) {
      await world.eventually(`the listing of ${JSON.stringify(options)} is up to date`, async () => {
        const listed = await reader.list(options)
        return idsOf(listed).join() === idsOf(jobs).join()
      })
    }
  },
}

export const orderByName: ConformanceCase = {
  id: 'listing/order-by-name',
  law: 'LIST-1',
  title: 'jobs of given names are listed alone, and in the same order',
  needs: [],
  async run(world) {
    const client = await world.client('client')
    for (const i of upTo(12)) {
      const priority = world.random.pick(priorities)
      await client.post(['red', 'green', 'blue'][i % 3] ?? '', { priority })
    }
    const all = await client.list({ ensureFresh: true })
    for (const names of [['red'], ['blue', 'green'], ['black']]) {
      const expected = all.filter(job => names.includes(job.name))
      assert.deepEqual(idsOf(await client.list({ ensureFresh: true, names })), idsOf(expected), names.join())
    }
  },
}

export const namesAreExact: ConformanceCase = {
  id: 'listing/names-are-exact',
  law: 'LIST-1',
  title: 'names that differ in case, in a space or in the form of a letter are different names',
  needs: [],
  async run(world) {
    const client = await world.client('client')
    for (const name of alikeNames) await client.post(name)
    for (const name of alikeNames) {
      assert.deepEqual(namesOf(await client.list({ ensureFresh: true, names: [name] })), [name])
    }
  },
}

export const keepsItsPlace: ConformanceCase = {
  id: 'listing/keeps-its-place',
  law: 'LIST-1',
  title: 'a job that was claimed and abandoned is as old as it was',
  needs: [],
  async run(world) {
    const client = await world.client('client')
    const posted = [await client.post('a'), await client.post('b'), await client.post('c')]
    const claim = await client.claim(posted[0]?.id ?? '')
    assert.deepEqual(idsOf(await client.list({ ensureFresh: true })), idsOf(posted), 'while it is claimed')
    await claim.abandon()
    assert.deepEqual(idsOf(await client.list({ ensureFresh: true })), idsOf(posted), 'after it was abandoned')
  },
}

export const onlyUnclaimed: ConformanceCase = {
  id: 'listing/only-unclaimed',
  law: 'LIST-2',
  title: 'the unclaimed leave out what is claimed, delayed or settled',
  needs: [],
  async run(world) {
    const [client, reader] = [await world.client('client'), await world.client('reader')]
    const [free, claimed, consumed, trashed] = await Promise.all(upTo(4).map(i => client.post(`job ${i}`)))
    const delayed = await client.post('delayed', { delayMs: world.ttlMs * 10 })
    await client.claim(claimed?.id ?? '')
    await (await client.claim(consumed?.id ?? '')).consume()
    await (await client.claim(trashed?.id ?? '')).trash({ reason: 'no use' })

    const listed = async (state: 'all' | 'unclaimed' | 'claimed') =>
      idsOf(await reader.list({ state, ensureFresh: true })).sort()
    assert.deepEqual(await listed('unclaimed'), [free?.id])
    assert.deepEqual(await listed('claimed'), [claimed?.id])
    assert.deepEqual(await listed('all'), [free?.id, claimed?.id, delayed.id].sort())
  },
}

export const fresh: ConformanceCase = {
  id: 'listing/fresh',
  law: 'LIST-3',
  title: 'a fresh listing reflects every change that was acknowledged to anyone before it',
  needs: [],
  async run(world) {
    const [client, reader] = [await world.client('client'), await world.client('reader')]
    const seen = async (id: string) =>
      (await reader.list({ ensureFresh: true })).find(job => job.id === id)?.state ?? 'gone'
    for (const round of upTo(3)) {
      const { id } = await client.post(`round ${round}`)
      assert.equal(await seen(id), 'UNCLAIMED', 'after the post')
      const first = await client.claim(id)
      assert.equal(await seen(id), 'CLAIMED', 'after the claim')
      await first.abandon()
      assert.equal(await seen(id), 'UNCLAIMED', 'after it was abandoned')
      const second = await client.claim(id)
      await second.consume()
      assert.equal(await seen(id), 'gone', 'after it was consumed')
    }
  },
}

export const malformedIsSkipped: ConformanceCase = {
  id: 'listing/malformed-is-skipped',
  law: 'LIST-5',
  title: 'an entry that does not parse hides no other job and is reported, never deleted',
  needs: [],
  async run(world) {
    const poster = await world.client('poster')
    const posted = [await poster.post('before')]
    await world.plantMalformed()
    posted.push(await poster.post('after'))

    // The second reader shows that the first one left the entry where it was.
    for (const name of ['first reader', 'second reader']) {
      const reader = await world.client(name)
      assert.deepEqual(idsOf(await reader.list({ ensureFresh: true })).sort(), idsOf(posted).sort(), name)
      await world.eventually(`the ${name} reports the entry`, async () =>
        (await reader.events()).some(({ event }) => event === 'malformed'),
      )
    }
  },
}

export const malformedStopsNobody: ConformanceCase = {
  id: 'listing/malformed-stops-nobody',
  law: 'LIST-5',
  title: 'workers go on past an entry that does not parse',
  needs: [],
  async run(world) {
    await world.plantMalformed()
    const [poster, worker] = [await world.client('poster'), await world.client('worker')]
    const { id } = await poster.post('sound')
    const claim = await world.eventually('the sound job is claimed', () => worker.claimNext())
    assert.equal(claim.jobId, id)
    await claim.consume()
    assert.equal(await worker.claimNext(), undefined)
  },
}

export const countsOfAQuietBoard: ConformanceCase = {
  id: 'listing/counts-quiet',
  law: 'LIST-6',
  title: 'counts are exact on a quiet board',
  needs: [],
  async run(world) {
    const [client, reader] = [await world.client('client'), await world.client('reader')]
    assert.deepEqual(await reader.count(), { unclaimed: 0, delayed: 0, claimed: 0, trashed: 0 })
    const ids = idsOf(await Promise.all(upTo(10).map(i => client.post(`job ${i}`))))
    for (const _ of upTo(2)) await client.post('delayed', { delayMs: world.ttlMs * 10 })
    for (const id of ids.slice(0, 3)) await client.claim(id)
    for (const id of ids.slice(3, 7)) await (await client.claim(id)).trash({ reason: 'no use' })
    for (const id of ids.slice(7, 8)) await (await client.claim(id)).consume()
    assert.deepEqual(await reader.count(), { unclaimed: 2, delayed: 2, claimed: 3, trashed: 4 })
  },
}

export const countsAfterADelay: ConformanceCase = {
  id: 'listing/counts-after-a-delay',
  law: 'LIST-6',
  title: 'a job whose delay is over counts as unclaimed, whether it was posted for later or abandoned',
  needs: [],
  async run(world) {
    const [client, reader] = [await world.client('client'), await world.client('reader')]
    const delayMs = world.ttlMs / 2
    await client.post('posted', { delayMs })
    await (await client.claim((await client.post('abandoned')).id)).abandon({ delayMs })
    await world.eventually(
      'both are counted as unclaimed',
      async () => (await reader.count()).unclaimed === 2,
      {
        withinMs: world.takeoverMs,
      },
    )
    assert.deepEqual(await reader.count(), { unclaimed: 2, delayed: 0, claimed: 0, trashed: 0 })
  },
}

export const unclaimedAfterADelay: ConformanceCase = {
  id: 'listing/unclaimed-after-a-delay',
  law: 'LIST-2',
  title: 'a job whose delay is over is listed among the unclaimed, and waits for nothing',
  needs: [],
  async run(world) {
    const [client, reader] = [await world.client('client'), await world.client('reader')]
    const { id } = await client.post('later', { delayMs: world.ttlMs / 2 })
    const other = await client.post('now')
    const listed = async () => await reader.list({ state: 'unclaimed', ensureFresh: true })
    assert.deepEqual(idsOf(await listed()), [other.id])
    await world.eventually('it is listed', async () => (await listed()).length === 2, {
      withinMs: world.takeoverMs,
    })
    const jobs = await listed()
    assert.deepEqual(idsOf(jobs).sort(), [id, other.id].sort())
    assert.ok(
      jobs.every(job => job.availableAt === undefined),
      'and waits for nothing',
    )
  },
}

export const countsOfABusyBoard: ConformanceCase = {
  id: 'listing/counts-busy',
  law: 'LIST-6',
  title: 'on a busy board each job counts at most once',
  needs: [],
  async run(world) {
    const [worker, reader] = [await world.client('worker'), await world.client('reader')]
    const ids = idsOf(await Promise.all(upTo(10).map(i => worker.post(`job ${i}`))))
    const work = begun(
      Promise.all(
        ids.map(async (id, i) => {
          for (const _ of upTo(5)) await (await worker.claim(id)).abandon()
          const claim = await worker.claim(id)
          await (i % 2 === 0 ? claim.trash({ reason: 'no use' }) : claim.consume())
        }),
      ),
    )
    for (const _ of upTo(20)) {
      const { unclaimed, delayed, claimed, trashed } = await reader.count()
      const total = unclaimed + delayed + claimed + trashed
      assert.ok(total <= 10, `10 jobs, but ${total} are counted`)
    }
    await work
  },
}

export const pagesOfTheTrash: ConformanceCase = {
  id: 'listing/pages-of-the-trash',
  law: 'LIST-4',
  title: 'the trash too is read in pages, nothing twice, while jobs come and go',
  needs: [],
  async run(world) {
    await using bare = await BareDriver.open(world)
    const session = await bare.session()
    const trash = async (name: string) => {
      const id = await bare.post(name)
      const { claimId, token } = await bare.take(session, id)
      await bare.settle(session, { jobId: id, claimId, token, how: 'trash', reason: 'no use' })
      return id
    }
    const ids: string[] = []
    for (const i of upTo(9)) ids.push(await trash(`job ${i}`))

    const shown: string[] = []
    let after: string | undefined
    do {
      const page = await bare.driver.read({ kind: 'trash', limit: 2, ...(after !== undefined && { after }) })
      if (shown.length === 0) {
        // One that was shown and one that was not.
        await bare.leaveTrash('purge', ids[0] ?? '')
        await bare.leaveTrash('purge', ids[8] ?? '')
      }
      shown.push(...idsOf(page.jobs))
      after = page.next
    } while (after !== undefined)
    assert.equal(new Set(shown).size, shown.length, 'nothing is shown twice')
    const stay = ids.slice(1, 8)
    assert.deepEqual(
      shown.filter(id => stay.includes(id)),
      stay,
    )
  },
}
