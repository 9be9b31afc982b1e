import type {
  ClaimWish,
  Ending,
  JobRecord,
  JobsAnswer,
  JobsQuery,
  Order,
  OrderAnswer,
  PageAnswer,
  SessionRef,
  SettleAnswer,
  TrashQuery,
} from '@jobboard/core/driver'
import { type BrokenDriver, each, Shared, Spoilt } from './broken-driver.js'
import { Misreading } from './misreading.js'

type Row = NonNullable<ReturnType<Spoilt['backend']['jobs']['get']>>

/** Does something to a job that was restored from the trash. */
class Restoring extends Spoilt {
  override async administer<O extends Order>(order: O): Promise<OrderAnswer<O>> {
    if (order.kind !== 'restore') return super.administer(order)
    const before = this.backend.jobs.get(order.jobId)
    const answer = await super.administer(order)
    const after = this.backend.jobs.get(order.jobId)
    if (before?.trash !== undefined && after !== undefined) this.restored(before, after)
    return answer
  }

  restored(_before: Row, _after: Row): void {}
}

export const reasonLost: BrokenDriver = {
  name: 'the trash loses the reason',
  laws: ['SETTLE-5'],
  on: each(
    class extends Spoilt {
      override settle(
        session: SessionRef,
        endings: readonly Ending[],
        wishes?: readonly ClaimWish[],
      ): Promise<SettleAnswer> {
        const spoilt = endings.map(one => (one.how === 'trash' ? { ...one, reason: 'trashed' } : one))
        return super.settle(session, spoilt, wishes)
      }
    },
  ),
}

export const restoredAsNew: BrokenDriver = {
  name: 'a restored job has a new createdOn',
  laws: ['SETTLE-5'],
  on: each(
    class extends Restoring {
      override restored(_before: Row, after: Row): void {
        Object.assign(after, { createdOn: this.backend.clock.now() + 1 })
      }
    },
  ),
}

export const purgeNotRecognised: BrokenDriver = {
  name: 'a purge that is sent again is told that the job is on the board',
  laws: ['FAULT-3'],
  on: each(
    class extends Spoilt {
      override async administer<O extends Order>(order: O): Promise<OrderAnswer<O>> {
        const answer = await super.administer(order)
        return answer.kind === 'missing' && 'onBoard' in answer ? { ...answer, onBoard: true } : answer
      }
    },
  ),
}

export const countsRestored: BrokenDriver = {
  name: 'restoring keeps the counts',
  laws: ['CLAIM-6'],
  on: each(
    class extends Restoring {
      override restored({ attempts, failures, losses }: Row, after: Row): void {
        Object.assign(after, { attempts, failures, losses })
      }
    },
  ),
}

const purged = new Shared((): JobRecord[] => [])

export const purgedIsListed: BrokenDriver = {
  name: 'the trash goes on listing what was purged',
  laws: ['SETTLE-5'],
  on: each(
    class extends Misreading {
      override async administer<O extends Order>(order: O): Promise<OrderAnswer<O>> {
        if (order.kind === 'purge') purged.of(this.backend).push(...(await this.#inTrash(order.jobId)))
        return super.administer(order)
      }

      override async trash(query: TrashQuery): Promise<PageAnswer> {
        const page = await super.trash(query)
        return query.after === undefined
          ? { ...page, jobs: [...purged.of(this.backend), ...page.jobs] }
          : page
      }

      async #inTrash(jobId: string): Promise<readonly JobRecord[]> {
        const { found } = await this.jobs({ kind: 'jobs', ids: [jobId] })
        return found.flatMap(one =>
          typeof one === 'object' && one.standing.state === 'TRASHED' ? [one] : [],
        )
      }
    },
  ),
}

export const purgedIsForgotten: BrokenDriver = {
  name: 'a purged job leaves no trace',
  laws: ['SETTLE-6'],
  on: each(
    class extends Misreading {
      override async jobs(query: JobsQuery): Promise<JobsAnswer> {
        const { scope, found } = await super.jobs(query)
        return { scope, found: found.map(one => (one === 'purged' ? 'absent' : one)) }
      }
    },
  ),
}

export const restoredForLater: BrokenDriver = {
  name: 'a restored job waits once more for as long as it was posted for',
  laws: ['SETTLE-5'],
  on(backend) {
    backend.restore = ({ posting, createdOn }) => {
      const availableAt = posting.delayMs > 0 ? backend.clock.now() + posting.delayMs : undefined
      return backend.put(posting, createdOn, availableAt, 'restored')
    }
    return () => new Spoilt(backend)
  },
}

export const staysNotToldApart: BrokenDriver = {
  name: 'a restore or purge takes effect on whatever stay in the trash it meets',
  laws: ['FAULT-3'],
  on: each(
    class extends Spoilt {
      override administer<O extends Order>(order: O): Promise<OrderAnswer<O>> {
        if (order.kind !== 'restore' && order.kind !== 'purge') return super.administer(order)
        return super.administer({ ...order, order: this.backend.jobs.get(order.jobId)?.order ?? order.order })
      }
    },
  ),
}

export const purgeWithoutReceipt: BrokenDriver = {
  name: 'a purge leaves no receipt of its own',
  laws: ['SETTLE-6'],
  on(backend) {
    backend.purge = row => void backend.jobs.delete(row.posting.id)
    return () => new Spoilt(backend)
  },
}
