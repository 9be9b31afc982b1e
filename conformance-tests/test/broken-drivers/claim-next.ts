import { randomUUID } from 'node:crypto'
import type { ClaimWish, ListQuery, PageAnswer, SessionRef, WishAnswer } from '@jobboard/core/driver'
import { type BrokenDriver, each, Shared, Spoilt } from './broken-driver.js'
import { Misclaiming } from './misclaiming.js'

const none = { kind: 'none' } as const

interface Delivered {
  last?: { readonly jobId: string; readonly session: string }
}

const delivered = new Shared((): Delivered => ({}))

export const nextDeliveredTwice: BrokenDriver = {
  name: 'claimNext hands out the job that another session has just got',
  laws: ['CLAIM-1', 'CLAIM-7', 'CLAIM-11'],
  because:
    'the record has room for one claim, so the other owner, and who meets a fault, believes in one that the board does not have',
  on: each(
    class extends Spoilt {
      override async claimNext(
        ref: SessionRef,
        wishes: readonly ClaimWish[],
      ): Promise<readonly WishAnswer[]> {
        const answers: WishAnswer[] = []
        for (const wish of wishes) {
          answers.push(this.#again(ref, wish) ?? (await super.claimNext(ref, [wish]))[0] ?? { kind: 'none' })
          const answer = answers.at(-1)
          if (answer?.kind === 'claimed')
            delivered.of(this.backend).last = { jobId: answer.job.id, session: ref.id }
        }
        return answers
      }

      #again(ref: SessionRef, { claimId, owner }: ClaimWish): WishAnswer | undefined {
        const session = this.backend.session(ref)
        const { last } = delivered.of(this.backend)
        const row = this.backend.jobs.get(last?.jobId ?? '')
        if (session === undefined || row?.claim === undefined || last?.session === ref.id) return undefined
        return this.backend.claim(session, row, claimId, owner)
      }
    },
  ),
}

const taken = new Shared(() => new Map<string, string>())

export const nextUpsideDown: BrokenDriver = {
  name: 'claimNext takes the last claimable job',
  laws: ['CLAIM-5'],
  on: each(
    class extends Spoilt {
      override async claimNext(
        ref: SessionRef,
        wishes: readonly ClaimWish[],
      ): Promise<readonly WishAnswer[]> {
        const answers: WishAnswer[] = []
        for (const wish of wishes) answers.push(await this.#last(ref, wish))
        return answers
      }

      async #last(ref: SessionRef, { claimId, owner, names }: ClaimWish): Promise<WishAnswer> {
        const query = { kind: 'list', states: 'unclaimed', limit: 100_000, fresh: true } as const
        const { jobs } = await super.read(names === undefined ? query : { ...query, names })
        const jobId = taken.of(this.backend).get(claimId) ?? jobs.at(-1)?.id
        // Nothing to take: let the right driver tell when that changes.
        if (jobId === undefined)
          return (await super.claimNext(ref, [{ claimId, owner, names: ['no job'] }]))[0] ?? none
        taken.of(this.backend).set(claimId, jobId)
        const [answer] = await super.claim(ref, [{ jobId, claimId, owner }])
        return answer?.kind === 'claimed' || answer?.kind === 'over' || answer?.kind === 'ended'
          ? answer
          : none
      }
    },
  ),
}

export const namesIgnored: BrokenDriver = {
  name: 'claimNext takes jobs of any name',
  laws: ['CLAIM-5', 'CLAIM-11'],
  because: 'by their names CLAIM-11 tells requests apart that meet faults side by side',
  on: each(
    class extends Spoilt {
      override claimNext(session: SessionRef, wishes: readonly ClaimWish[]): Promise<readonly WishAnswer[]> {
        return super.claimNext(
          session,
          wishes.map(({ claimId, owner }) => ({ claimId, owner })),
        )
      }
    },
  ),
}

export const wishForgotten: BrokenDriver = {
  name: 'a wish that is sent again takes another job',
  laws: ['CLAIM-11'],
  on: each(
    class extends Spoilt {
      override claimNext(ref: SessionRef, wishes: readonly ClaimWish[]): Promise<readonly WishAnswer[]> {
        const granted = this.backend.session(ref)?.claims
        return super.claimNext(
          ref,
          wishes.map(wish => (granted?.has(wish.claimId) ? { ...wish, claimId: randomUUID() } : wish)),
        )
      }
    },
  ),
}

export const nextChangeNotTold: BrokenDriver = {
  name: 'nobody is told when the next delay or session ends',
  laws: ['CLAIM-5', 'WATCH-3'],
  because: 'the next known change is what WATCH-3 sleeps until; no push comes when a delay ends',
  on: each(
    class extends Misclaiming {
      override wished(answer: WishAnswer): WishAnswer {
        return answer.kind === 'none' ? none : answer
      }

      override async list(query: ListQuery): Promise<PageAnswer> {
        const { nextChangeInMs: _, ...page } = await super.list(query)
        return page
      }
    },
  ),
}

export const lateWishGranted: BrokenDriver = {
  name: 'a wish whose claim has ended, arriving late, takes another job',
  laws: ['SETTLE-3'],
  on: each(
    class extends Spoilt {
      override claimNext(ref: SessionRef, wishes: readonly ClaimWish[]): Promise<readonly WishAnswer[]> {
        const isLate = ({ claimId }: ClaimWish) => this.backend.receipt(claimId) !== undefined
        return super.claimNext(
          ref,
          wishes.map(wish => (isLate(wish) ? { ...wish, claimId: randomUUID() } : wish)),
        )
      }
    },
  ),
}

export const namesTakenAlike: BrokenDriver = {
  name: 'claimNext takes jobs of names that differ in case',
  laws: ['CLAIM-5'],
  on: each(
    class extends Spoilt {
      override claimNext(ref: SessionRef, wishes: readonly ClaimWish[]): Promise<readonly WishAnswer[]> {
        const alike = (names: readonly string[]) => {
          const small = new Set(names.map(name => name.toLowerCase()))
          const all = [...this.backend.jobs.values()].map(({ posting }) => posting.name)
          return [...names, ...all.filter(name => small.has(name.toLowerCase()))]
        }
        return super.claimNext(
          ref,
          wishes.map(wish => (wish.names === undefined ? wish : { ...wish, names: alike(wish.names) })),
        )
      }
    },
  ),
}
