import assert from 'node:assert/strict'
import { type Job, priorities } from '@jobboard/core'
import { type ListQuery, type PageAnswer, priorityRank, type TrashQuery } from '@jobboard/core/driver'
import type { ConformanceCase } from '../case.js'
import type { Client, JobView } from '../world.js'
import { BareDriver, boardHere } from './bare.js'
import { begun, idsOf, postMany, upTo } from './support.js'

/** More than a driver reads, writes or keeps at one time. */
const many = 10_000

export const orderOfMany: ConformanceCase = {
  id: 'listing/order-of-many',
  law: 'LIST-1',
  title: 'ten thousand jobs are listed in order',
  needs: [],
  async run(world) {
    const [poster, reader] = [await world.client('poster'), await world.client('reader')]
    // Posts of one batch have no order among them, so the order of batches is what can be checked. They are small and
    // fit no page evenly, so that jobs in disorder within a page are noticed.
    const [batches, size] = [73, 137]
    const batchOf = new Map<string, number>()
    for (const batch of upTo(batches)) {
      for (const job of await postMany(poster, size)) batchOf.set(job.id, batch)
    }
    const place = (job: JobView): number =>
      priorityRank(job.priority) * batches + (batchOf.get(job.id) ?? Number.NaN)
    const places = (await reader.list({ ensureFresh: true })).map(place)
    assert.equal(places.length, batches * size)
    assert.deepEqual(
      places,
      places.toSorted((a, b) => a - b),
    )
  },
}

export const countsOfMany: ConformanceCase = {
  id: 'listing/counts-of-many',
  law: 'LIST-6',
  title: 'ten thousand jobs are counted exactly',
  needs: [],
  async run(world) {
    const [client, reader] = [await world.client('client'), await world.client('reader')]
    const jobs: JobView[] = []
    for (const _ of upTo(19)) jobs.push(...(await postMany(client, 500)))
    jobs.push(...(await postMany(client, 400)))
    await Promise.all(upTo(100).map(() => client.post('later', { delayMs: world.ttlMs * 100 })))
    const claims = await Promise.all(jobs.slice(0, 30).map(job => client.claim(job.id)))
    await Promise.all(claims.slice(0, 10).map(claim => claim.trash({ reason: 'no use' })))
    await Promise.all(claims.slice(10, 15).map(claim => claim.consume()))
    const unclaimed = many - 100 - 30
    assert.deepEqual(await reader.count(), { unclaimed, delayed: 100, claimed: 15, trashed: 10 })
  },
}

export const pagesWhileJobsChange: ConformanceCase = {
  id: 'listing/pages-while-jobs-change',
  law: 'LIST-4',
  title:
    'a listing of many pages shows nothing twice and misses nothing, while others post, claim and settle',
  needs: [],
  async run(world) {
    const [poster, worker, reader] = await Promise.all(
      ['poster', 'worker', 'reader'].map(name => world.client(name)),
    )
    assert.ok(poster && worker && reader)
    const stay = idsOf(await postMany(poster, 1_500))
    const go = await Promise.all(
      upTo(60).map(i => poster.post('goes', { priority: priorities[i % 5] ?? 'LOW' })),
    )

    const churn = begun(
      Promise.all([
        postMany(poster, 300),
        ...go.map(async ({ id }, i) => {
          const claim = await worker.claim(id)
          if (i % 3 === 0) return claim.consume()
          await (i % 3 === 1 ? claim.trash({ reason: 'no use' }) : claim.abandon())
        }),
      ]),
    )
    const shown: string[] = []
    for (const _ of upTo(3)) {
      shown.splice(0, Infinity, ...idsOf(await reader.list({ ensureFresh: true })))
      assert.equal(new Set(shown).size, shown.length, 'nothing is shown twice')
      const all = new Set(shown)
      assert.deepEqual(
        stay.filter(id => !all.has(id)),
        [],
        'what stays on the board is shown',
      )
    }
    await churn
  },
}

export const pagesAndReturns: ConformanceCase = {
  id: 'listing/pages-and-returns',
  law: 'LIST-4',
  title: 'a job that was shown, trashed and restored is not shown again by the same listing',
  needs: [],
  async run(world) {
    const client = await world.client('client')
    await postMany(client, 1_200)
    await using here = await boardHere(world)
    const shown: string[] = []
    for await (const job of here.board.iterJobs({ ensureFresh: true })) {
      shown.push(job.id)
      if (shown.length === 1) await sendRound(client, job)
    }
    assert.equal(new Set(shown).size, shown.length)
    assert.ok(shown.length >= 1_199)
  },
}

export const filteredPages: ConformanceCase = {
  id: 'listing/filtered-pages',
  law: 'LIST-4',
  title: 'a listing of some jobs goes on over as many others as there are',
  needs: [],
  async run(world) {
    const [client, reader] = [await world.client('client'), await world.client('reader')]
    await postMany(client, 300)
    const rare = await Promise.all(upTo(5).map(() => client.post('rare', { priority: 'VERY_LOW' })))
    const inOrder = await client.list({ ensureFresh: true })
    const [claimed, free] = [inOrder.slice(0, 250), inOrder.slice(250)]
    await Promise.all(claimed.map(job => client.claim(job.id)))
    const listed = async (options: Parameters<Client['list']>[0]) =>
      idsOf(await reader.list({ ensureFresh: true, ...options })).sort()
    assert.deepEqual(await listed({ state: 'unclaimed' }), idsOf(free).sort())
    assert.deepEqual(await listed({ state: 'claimed' }), idsOf(claimed).sort())
    assert.deepEqual(await listed({ names: ['rare'] }), idsOf(rare).sort())
    const mixed = await listed({ state: 'unclaimed', names: ['rare'] })
    assert.deepEqual(mixed, idsOf(free.filter(({ name }) => name === 'rare')).sort())
  },
}

export const pagesWithinTheirLimit: ConformanceCase = {
  id: 'listing/pages-within-their-limit',
  law: 'LIST-4',
  title: 'a page holds no more jobs than were asked for, and the pages together hold all',
  needs: [],
  async run(world) {
    await using bare = await BareDriver.open(world)
    const session = await bare.session()
    const ids: string[] = []
    for (const i of upTo(12)) ids.push(await bare.post(`job ${i}`))
    for (const id of ids.slice(0, 5)) await bare.discard(session, id)
    const list = { kind: 'list', states: 'all', fresh: true } as const
    for (const limit of [1, 2, 3, 7, 12]) {
      const listed = await pagesOf(bare, { ...list, limit })
      assert.deepEqual(listed.toSorted(), ids.slice(5).sort(), `${limit} a page`)
      const trashed = await pagesOf(bare, { kind: 'trash', limit })
      assert.deepEqual(trashed.toSorted(), ids.slice(0, 5).sort(), `the trash, ${limit} a page`)
    }
  },
}

/** Everything that is shown, page by page. */
async function pagesOf(
  { driver }: BareDriver,
  query: Omit<ListQuery, 'after'> | Omit<TrashQuery, 'after'>,
): Promise<readonly string[]> {
  const shown: string[] = []
  let after: string | undefined
  do {
    const page: PageAnswer = await driver.read({
      ...query,
      ...(after !== undefined && { after }),
    } as ListQuery)
    assert.ok(page.jobs.length <= query.limit, `${page.jobs.length} jobs on a page of ${query.limit}`)
    shown.push(...idsOf(page.jobs))
    after = page.next
  } while (after !== undefined)
  return shown
}

export const smallPages: ConformanceCase = {
  id: 'listing/small-pages',
  law: 'LIST-4',
  title:
    'between two pages jobs may be posted, claimed, settled and restored; nothing is shown twice or missed',
  needs: [],
  async run(world) {
    await using bare = await BareDriver.open(world)
    const session = await bare.session()
    const stay: string[] = []
    const go: string[] = []
    for (const i of upTo(30)) {
      const id = await bare.post(`job ${i}`, { priority: priorities[Math.floor(i / 6)] ?? 'LOW' })
      ;(i % 3 === 0 ? go : stay).push(id)
    }

    const shown: string[] = []
    let after: string | undefined
    do {
      const page = await bare.driver.read({
        kind: 'list',
        states: 'all',
        limit: 4,
        fresh: true,
        ...(after !== undefined && { after }),
      })
      shown.push(...idsOf(page.jobs))
      after = page.next
      const jobId = go.shift()
      if (jobId !== undefined) {
        const claim = { jobId, ...(await bare.take(session, jobId)) }
        const ending = world.random.pick([{ how: 'consume' }, { how: 'trash', reason: 'no use' }] as const)
        await bare.settle(session, { jobId, claimId: claim.claimId, token: claim.token, ...ending })
        if (ending.how === 'trash') await bare.leaveTrash('restore', jobId)
        await bare.post('came meanwhile', { priority: world.random.pick(priorities) })
      }
    } while (after !== undefined)
    assert.equal(new Set(shown).size, shown.length, 'nothing is shown twice')
    const all = new Set(shown)
    assert.deepEqual(
      stay.filter(id => !all.has(id)),
      [],
      'what stays on the board is shown',
    )
  },
}

async function sendRound(client: Client, job: Job): Promise<void> {
  await (await client.claim(job.id)).trash({ reason: 'comes back' })
  await client.restore(job.id)
}
