import { randomUUID } from 'node:crypto'
import type { ClaimWish, Ending, SessionRef, SettleAnswer } from '@jobboard/core/driver'
import { type BrokenDriver, each, Spoilt } from './broken-driver.js'

/** Spoils the wishes that come with endings, and no others. */
abstract class Misjoining extends Spoilt {
  override async settle(
    session: SessionRef,
    endings: readonly Ending[],
    wishes?: readonly ClaimWish[],
  ): Promise<SettleAnswer> {
    if (wishes === undefined) return super.settle(session, endings)
    return this.joined(session, endings, wishes)
  }

  abstract joined(
    session: SessionRef,
    endings: readonly Ending[],
    wishes: readonly ClaimWish[],
  ): Promise<SettleAnswer>

  rightly(session: SessionRef, endings: readonly Ending[], wishes: readonly ClaimWish[]) {
    return super.settle(session, endings, wishes)
  }
}

export const joinedWishesUnheard: BrokenDriver = {
  name: 'wishes that come with endings are answered as if nothing were claimable',
  laws: ['CLAIM-5'],
  on: each(
    class extends Misjoining {
      joined(session: SessionRef, endings: readonly Ending[], wishes: readonly ClaimWish[]) {
        const nowhere = wishes.map(wish => ({ ...wish, names: ['no job'] }))
        return this.rightly(session, endings, nowhere)
      }
    },
  ),
}

export const joinedWishForgotten: BrokenDriver = {
  name: 'a wish that is sent again with its endings takes another job',
  laws: ['CLAIM-11'],
  on: each(
    class extends Misjoining {
      joined(session: SessionRef, endings: readonly Ending[], wishes: readonly ClaimWish[]) {
        const granted = this.backend.session(session)?.claims
        const renamed = wishes.map(wish =>
          granted?.has(wish.claimId) ? { ...wish, claimId: randomUUID() } : wish,
        )
        return this.rightly(session, endings, renamed)
      }
    },
  ),
}

export const wishesBeforeEndings: BrokenDriver = {
  name: 'wishes that come with endings are granted before these',
  laws: ['CLAIM-5'],
  on: each(
    class extends Misjoining {
      async joined(session: SessionRef, endings: readonly Ending[], wishes: readonly ClaimWish[]) {
        const granted = await this.claimNext(session, wishes)
        return { ...(await super.settle(session, endings)), wishes: granted }
      }
    },
  ),
}
