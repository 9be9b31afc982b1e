import assert from 'node:assert/strict'
import type { Job } from '@jobboard/core'
import {
  type ClaimWish,
  type Ending,
  priorityRank,
  type SessionRef,
  type SettleAnswer,
  type WishAnswer,
} from '@jobboard/core/driver'
import type { ConformanceCase } from '../case.js'
import { BareDriver, boardHere, endingOf, ownerOf } from './bare.js'
import { arrival, begun, idsOf, postMany, upTo } from './support.js'

/** Endings and the wishes that come after them, in one call where the driver can join them. */
async function joined(
  { driver }: BareDriver,
  session: SessionRef,
  endings: readonly Ending[],
  wishes: readonly ClaimWish[],
): Promise<Required<SettleAnswer>> {
  const answer = await driver.settle(session, endings, wishes)
  const granted = answer.wishes ?? (await driver.claimNext?.(session, wishes)) ?? []
  return { endings: answer.endings, wishes: granted }
}

/** An accelerator, which core stands in for: no driver has to choose, and who does not is sent no wishes. */
function choosesNot({ driver }: BareDriver): boolean {
  return driver.claimNext === undefined
}

export const joinedWishes: ConformanceCase = {
  id: 'claiming/joined-wishes',
  law: 'CLAIM-5',
  title: 'wishes that are sent with endings are granted after them, in order, each with its own answer',
  needs: [],
  async run(world) {
    await using bare = await BareDriver.open(world)
    if (choosesNot(bare)) return
    const session = await bare.session()
    const [back, done] = [await bare.post('back', { priority: 'HIGH' }), await bare.post('done')]
    const [plain, named] = [await bare.post('plain'), await bare.post('named', { priority: 'LOW' })]
    const endings = [
      endingOf(await bare.take(session, done), 'consume'),
      endingOf(await bare.take(session, back), 'abandon'),
    ]
    const wish = (names?: readonly string[]) => wishOf(bare, session, names)
    const wishes = [wish(), wish(['named']), wish(['done']), wish(), wish()]
    const answer = await joined(bare, session, endings, wishes)
    assert.deepEqual(
      answer.endings.map(one => one.kind === 'settled' && one.how),
      ['consume', 'abandon'],
    )
    assert.deepEqual(answer.wishes.map(jobOf), [back, named, 'none', plain, 'none'])
    for (const id of [back, named, plain]) assert.equal(await bare.standing(id), 'CLAIMED')
  },
}

export const joinedSentAgain: ConformanceCase = {
  id: 'claiming/joined-sent-again',
  law: 'CLAIM-11',
  title: 'endings and wishes that are sent again together answer the same, and take no second job',
  needs: [],
  async run(world) {
    await using bare = await BareDriver.open(world)
    if (choosesNot(bare)) return
    const session = await bare.session()
    const done = await bare.post('done')
    const ids: string[] = []
    for (const i of upTo(4)) ids.push(await bare.post(`job ${i}`))
    const endings = [endingOf(await bare.take(session, done), 'trash')]
    const wishes = [wishOf(bare, session), wishOf(bare, session)]
    const first = await joined(bare, session, endings, wishes)
    const again = await joined(bare, session, endings, wishes)
    assert.deepEqual(again.endings, first.endings)
    assert.deepEqual(again.wishes.map(grantOf), first.wishes.map(grantOf))
    const standings = await Promise.all(ids.map(id => bare.standing(id)))
    const taken = standings.filter(standing => standing === 'CLAIMED')
    assert.equal(taken.length, first.wishes.filter(({ kind }) => kind === 'claimed').length)
  },
}

export const wishArrivesLate: ConformanceCase = {
  id: 'claiming/wish-arrives-late',
  law: 'SETTLE-3',
  title: 'a wish whose claim has ended, arriving late, takes no other job, alone or with endings',
  needs: [],
  async run(world) {
    await using bare = await BareDriver.open(world)
    if (choosesNot(bare)) return
    const session = await bare.session()
    const [first, second] = [await bare.post('first'), await bare.post('second')]
    const wish = wishOf(bare, session)
    const [grant] = (await bare.driver.claimNext?.(session, [wish])) ?? []
    assert.ok(grant?.kind === 'claimed')
    const ending = endingOf(grant, 'consume')
    await bare.settle(session, ending)
    const { wishes } = await joined(bare, session, [ending], [wish])
    assert.deepEqual(wishes, [{ kind: 'ended' }], 'with its ending')
    assert.deepEqual(await bare.driver.claimNext?.(session, [wish]), [{ kind: 'ended' }], 'alone')
    const other = grant.job.id === first ? second : first
    assert.equal(await bare.standing(other), 'UNCLAIMED', 'it took no other job')
  },
}

export const joinedUnderNoSession: ConformanceCase = {
  id: 'claiming/joined-when-over',
  law: 'CLAIM-14',
  title: 'under a session that was ended wishes are answered as over, while its endings find their receipts',
  needs: [],
  async run(world) {
    await using bare = await BareDriver.open(world)
    if (choosesNot(bare)) return
    const session = await bare.session()
    const [done, free] = [await bare.post('done'), await bare.post('free')]
    const ending = endingOf(await bare.take(session, done), 'trash')
    await bare.settle(session, ending)
    await bare.driver.endSession(session, 'closed')
    const answer = await joined(bare, session, [ending], [wishOf(bare, session)])
    assert.deepEqual(answer, { endings: [{ kind: 'settled', how: 'trash' }], wishes: [{ kind: 'over' }] })
    assert.equal(await bare.standing(free), 'UNCLAIMED')
  },
}

export const wishesApart: ConformanceCase = {
  id: 'claiming/wishes-apart',
  law: 'CLAIM-5',
  title: 'in one call each wish has its own answer, in the order of the wishes',
  needs: [],
  async run(world) {
    await using bare = await BareDriver.open(world)
    if (choosesNot(bare)) return
    const session = await bare.session()
    const [red, blue] = [await bare.post('red'), await bare.post('blue')]
    const twice = wishOf(bare, session, ['blue'])
    const wishes = [twice, wishOf(bare, session, ['green']), wishOf(bare, session, ['red']), twice]
    const answers = (await bare.driver.claimNext?.(session, wishes)) ?? []
    assert.deepEqual(answers.map(jobOf), [blue, 'none', red, blue])
    assert.deepEqual(
      answers.flatMap(answer => (answer.kind === 'claimed' ? answer.claimId : [])),
      wishes.filter((_, i) => i !== 1).map(({ claimId }) => claimId),
    )
  },
}

export const severalAtATime: ConformanceCase = {
  id: 'claiming/several-at-a-time',
  law: 'CLAIM-5',
  title:
    'a worker with several claims at a time gets every job once, the urgent first, and never more at a time',
  needs: [],
  async run(world) {
    const poster = await world.client('poster')
    const ids = idsOf(await postMany(poster, 60))
    // Nothing but an answer to its own wishes tells the worker that there is more.
    await using here = await boardHere(world, { refreshMs: world.ttlMs * 100, spreadWindow: 1 })
    const given: Job[] = []
    const unsettled = new Set<string>()
    const work = async () => {
      const consumed: Promise<void>[] = []
      for await (const claim of here.board.claims({ concurrency: 4 })) {
        given.push(claim.job)
        unsettled.add(claim.id)
        assert.ok(unsettled.size <= 4, `${unsettled.size} claims at a time`)
        // Not awaited: the ending and the next wish are then on their way together.
        consumed.push(claim.consume().finally(() => unsettled.delete(claim.id)))
        if (given.length === ids.length) break
      }
      await Promise.all(consumed)
    }
    await arrival(world, 'every job is done', begun(work()))
    assert.deepEqual(idsOf(given).sort(), ids.sort())
    const ranks = given.map(({ priority }) => priorityRank(priority))
    assert.deepEqual(
      ranks,
      ranks.toSorted((a, b) => a - b),
    )
    assert.deepEqual(await here.board.count(), { unclaimed: 0, delayed: 0, claimed: 0, trashed: 0 })
  },
}

export const severalWithLosses: ConformanceCase = {
  id: 'claiming/several-with-losses',
  law: 'CLAIM-11',
  title: 'a worker with several claims at a time whose replies are lost claims each job once',
  needs: [],
  async run(world) {
    // It looks often: what this is about is who is recognised, not who is woken.
    const worker = await world.client('worker', { refreshMs: Math.ceil(world.ttlMs / 8) })
    const poster = await world.client('poster')
    const ids = idsOf(await Promise.all(upTo(24).map(i => poster.post(`job ${i}`))))
    for (const skip of [1, 2, 3]) {
      await worker.fault({ member: ['claim', 'claimNext'], kind: 'lostReply', skip })
      await worker.fault({ member: 'settle', kind: 'lostReply', skip })
    }
    const run = await worker.claims({ concurrency: 4 })
    const done: string[] = []
    const work = async () => {
      const trashed: Promise<void>[] = []
      for (const _ of ids) {
        const claim = (await run.next()) ?? assert.fail('the worker stopped')
        assert.equal(claim.attempt, 1, 'nobody had the job before')
        trashed.push(begun(claim.trash({ reason: 'no use' }).then(() => void done.push(claim.jobId))))
      }
      await Promise.all(trashed)
    }
    await arrival(world, 'every job is done', begun(work()))
    assert.equal(await worker.faultsLeft(), 0, 'the replies were lost')
    assert.deepEqual(done.sort(), ids.sort())
    await run.stop()
  },
}

function wishOf(bare: BareDriver, session: SessionRef, names?: readonly string[]): ClaimWish {
  const wish = { claimId: bare.id(), owner: ownerOf(session) }
  return names === undefined ? wish : { ...wish, names }
}

/** The id of the job that was granted, or the kind of the answer. */
function jobOf(answer: WishAnswer): string {
  return answer.kind === 'claimed' ? answer.job.id : answer.kind
}

function grantOf(answer: WishAnswer): unknown {
  return answer.kind === 'claimed' && [answer.claimId, answer.token, answer.job.id, answer.job.attempts]
}
