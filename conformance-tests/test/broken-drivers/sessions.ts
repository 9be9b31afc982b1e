import type {
  ClaimWish,
  Entity,
  Order,
  OrderAnswer,
  RenewAnswer,
  Renewal,
  SessionGrant,
  SessionRef,
  SessionRequest,
  WishAnswer,
} from '@jobboard/core/driver'
import { type BrokenDriver, each, Shared, Spoilt } from './broken-driver.js'
import { Misreading } from './misreading.js'

/** Spoils what a renewal of a living session answers. */
class Misrenewing extends Spoilt {
  override async renew(renewal: Renewal): Promise<RenewAnswer> {
    const answer = await super.renew(renewal)
    return answer.kind === 'alive' ? this.renewed(answer, renewal) : answer
  }

  renewed(answer: Extract<RenewAnswer, { kind: 'alive' }>, _renewal: Renewal): RenewAnswer {
    return answer
  }
}

export const ghostKept: BrokenDriver = {
  name: 'a renewal keeps ghost claims without a word',
  laws: ['CLAIM-7'],
  on: each(
    class extends Misrenewing {
      override renewed(answer: Extract<RenewAnswer, { kind: 'alive' }>): RenewAnswer {
        return { ...answer, unnamed: [] }
      }
    },
  ),
}

export const lossNotTold: BrokenDriver = {
  name: 'a renewal does not tell of lost claims',
  laws: ['CLAIM-7', 'CLAIM-8'],
  because:
    'CLAIM-8 promises that the owner of a forced claim is told within one renewal, by what CLAIM-7 asks of it',
  on: each(
    class extends Misrenewing {
      override renewed(answer: Extract<RenewAnswer, { kind: 'alive' }>): RenewAnswer {
        return { ...answer, lost: [] }
      }
    },
  ),
}

export const aHundredKept: BrokenDriver = {
  name: 'a renewal keeps a hundred claims and no more',
  laws: ['CLAIM-7'],
  on: each(
    class extends Misrenewing {
      override renewed(answer: Extract<RenewAnswer, { kind: 'alive' }>, { session }: Renewal): RenewAnswer {
        const rows = [...(this.backend.sessions.get(session.id)?.claims.values() ?? [])]
        for (const row of rows.slice(100))
          this.backend.lose(row, { cause: 'expired', at: this.backend.clock.now() }, 60_000)
        return answer
      }
    },
  ),
}

export const shortSessions: BrokenDriver = {
  name: 'a session ends at the backend before its time',
  laws: ['CLAIM-8', 'CLAIM-10'],
  because: 'who has less time than it is told has none left for a renewal that hangs',
  on: each(
    class extends Spoilt {
      override async startSession(request: SessionRequest): Promise<SessionGrant> {
        const grant = await super.startSession({ ...request, ttlMs: request.ttlMs * 0.6 })
        return { ...grant, ttlMs: request.ttlMs }
      }
    },
  ),
}

export const sessionsLinger: BrokenDriver = {
  name: 'the claims of the dead are given back half a time to live too late',
  laws: ['CLAIM-9', 'CLAIM-5'],
  because: 'when the next session ends is told as it will be, and that is too late',
  on: each(
    class extends Spoilt {
      override async startSession(request: SessionRequest): Promise<SessionGrant> {
        const grant = await super.startSession({ ...request, ttlMs: request.ttlMs * 1.5 })
        return { ...grant, ttlMs: request.ttlMs }
      }
    },
  ),
}

const renewedAt = new Shared(() => new Map<string, number>())

export const lateRenewalRefused: BrokenDriver = {
  name: 'a renewal that comes late, but in time, finds its session ended',
  laws: ['CLAIM-10'],
  on: each(
    class extends Spoilt {
      override startSession(request: SessionRequest): Promise<SessionGrant> {
        renewedAt.of(this.backend).set(request.id, this.backend.clock.now())
        return super.startSession(request)
      }

      override async renew(renewal: Renewal): Promise<RenewAnswer> {
        const { session } = renewal
        const ttlMs = this.backend.session(session)?.ttlMs ?? 0
        const sinceMs = this.backend.clock.now() - (renewedAt.of(this.backend).get(session.id) ?? 0)
        if (sinceMs > ttlMs * 0.4) await super.endSession(session, 'lost')
        renewedAt.of(this.backend).set(session.id, this.backend.clock.now())
        return super.renew(renewal)
      }
    },
  ),
}

const requests = new Shared(() => new Map<string, SessionRequest>())

/** Opens a session again that ran out, under the same id. */
class Reviving extends Spoilt {
  override startSession(request: SessionRequest): Promise<SessionGrant> {
    requests.of(this.backend).set(request.id, request)
    return super.startSession(request)
  }

  override async endSession(session: SessionRef, cause: 'closed' | 'lost'): Promise<void> {
    requests.of(this.backend).delete(session.id)
    return super.endSession(session, cause)
  }

  async revive({ id }: SessionRef): Promise<void> {
    const request = requests.of(this.backend).get(id)
    if (request !== undefined) await super.startSession(request)
  }
}

export const revivedByRenewal: BrokenDriver = {
  name: 'a renewal revives a session that expired',
  laws: ['CLAIM-14'],
  on: each(
    class extends Reviving {
      override async renew(renewal: Renewal): Promise<RenewAnswer> {
        await this.revive(renewal.session)
        return super.renew(renewal)
      }
    },
  ),
}

export const revivedByWish: BrokenDriver = {
  name: 'a claim of the next job revives a session that expired',
  laws: ['CLAIM-14'],
  on: each(
    class extends Reviving {
      override async claimNext(
        session: SessionRef,
        wishes: readonly ClaimWish[],
      ): Promise<readonly WishAnswer[]> {
        await this.revive(session)
        return super.claimNext(session, wishes)
      }
    },
  ),
}

export const revivedByAnnouncement: BrokenDriver = {
  name: 'the announcement of an entity revives a session that expired',
  laws: ['CLAIM-14'],
  on: each(
    class extends Reviving {
      override async administer<O extends Order>(order: O): Promise<OrderAnswer<O>> {
        if (order.kind === 'announce') await this.revive(order.session)
        return super.administer(order)
      }
    },
  ),
}

export const givenUpIsNoLoss: BrokenDriver = {
  name: 'the claims of a session that was given up do not count as lost',
  laws: ['CLAIM-14'],
  on: each(
    class extends Spoilt {
      override endSession(session: SessionRef): Promise<void> {
        return super.endSession(session, 'closed')
      }
    },
  ),
}

export const namesakesLoseTheirs: BrokenDriver = {
  name: 'the end of a session gives back all claims of its owners, whatever session they are in',
  laws: ['CLAIM-12'],
  on: each(
    class extends Spoilt {
      override async endSession(session: SessionRef, cause: 'closed' | 'lost'): Promise<void> {
        const rows = [...(this.backend.session(session)?.claims.values() ?? [])]
        const owners = new Set(rows.map(row => row.claim?.owner))
        await super.endSession(session, cause)
        for (const row of this.backend.jobs.values()) {
          if (row.claim === undefined || !owners.has(row.claim.owner)) continue
          this.backend.lose(row, { cause: 'closed', at: this.backend.clock.now() }, 60_000)
        }
      }
    },
  ),
}

const announced = new Shared(() => new Map<string, Set<string>>())

export const entityTakenAway: BrokenDriver = {
  name: 'the end of a session takes entities away that another one has announced since',
  laws: ['ENTITY-1'],
  on: each(
    class extends Spoilt {
      override administer<O extends Order>(order: O): Promise<OrderAnswer<O>> {
        if (order.kind === 'announce') {
          const keys = announced.of(this.backend).get(order.session.id) ?? new Set()
          announced
            .of(this.backend)
            .set(order.session.id, keys.add(JSON.stringify([order.entity.kind, order.entity.name])))
        }
        return super.administer(order)
      }

      override async endSession(session: SessionRef, cause: 'closed' | 'lost'): Promise<void> {
        await super.endSession(session, cause)
        for (const key of announced.of(this.backend).get(session.id) ?? []) {
          for (const { entities } of this.backend.sessions.values()) entities.delete(key)
        }
      }
    },
  ),
}

export const givenUpLivesOn: BrokenDriver = {
  name: 'a session that its owner gave up is left to run out',
  laws: ['CLAIM-14'],
  on: each(
    class extends Spoilt {
      override async endSession(session: SessionRef, cause: 'closed' | 'lost'): Promise<void> {
        if (cause === 'closed') await super.endSession(session, cause)
      }
    },
  ),
}

export const closeIsALoss: BrokenDriver = {
  name: 'claims that are given back at close count as losses',
  laws: ['CLAIM-12'],
  on: each(
    class extends Spoilt {
      override async endSession(session: SessionRef, cause: 'closed' | 'lost'): Promise<void> {
        const rows = [...(this.backend.session(session)?.claims.values() ?? [])]
        await super.endSession(session, cause)
        if (cause === 'closed') for (const row of rows) row.losses += 1
      }
    },
  ),
}

export const closeHangs: BrokenDriver = {
  name: 'close hangs',
  laws: ['FAULT-5'],
  on: each(
    class extends Spoilt {
      override async close(): Promise<void> {
        await super.close()
        await new Promise<never>(() => {})
      }
    },
  ),
}

const everAnnounced = new Shared(() => new Map<string, Entity>())

export const entityOutlives: BrokenDriver = {
  name: 'an entity outlives its session',
  laws: ['ENTITY-1'],
  on: each(
    class extends Misreading {
      override administer<O extends Order>(order: O): Promise<OrderAnswer<O>> {
        if (order.kind === 'announce')
          everAnnounced.of(this.backend).set(`${order.entity.kind} ${order.entity.name}`, order.entity)
        return super.administer(order)
      }

      override async entities(): Promise<readonly Entity[]> {
        return [...everAnnounced.of(this.backend).values()]
      }
    },
  ),
}
