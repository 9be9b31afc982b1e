import type { ClaimAnswer, ClaimTry, ClaimWish, SessionRef, WishAnswer } from '@jobboard/core/driver'
import { Misreading } from './misreading.js'

/** Spoils the answers to claims and wishes, wherever they are given. */
export class Misclaiming extends Misreading {
  override async claim(session: SessionRef, tries: readonly ClaimTry[]): Promise<readonly ClaimAnswer[]> {
    return (await super.claim(session, tries)).map((answer, i) => this.answered(answer, tries[i] as ClaimTry))
  }

  override async claimNext(
    session: SessionRef,
    wishes: readonly ClaimWish[],
  ): Promise<readonly WishAnswer[]> {
    return (await super.claimNext(session, wishes)).map(answer => this.wished(answer))
  }

  answered(answer: ClaimAnswer, _request: ClaimTry): ClaimAnswer {
    return answer
  }

  wished(answer: WishAnswer): WishAnswer {
    return answer
  }
}
