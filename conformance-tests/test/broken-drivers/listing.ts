import type {
  Counts,
  CountsQuery,
  JobRecord,
  JobsAnswer,
  JobsQuery,
  ListQuery,
  PageAnswer,
  Standing,
} from '@jobboard/core/driver'
import type { MemoryBackend } from '@jobboard/memory'
import { type BrokenDriver, each, Shared } from './broken-driver.js'
import { Misreading } from './misreading.js'

export const listedUpsideDown: BrokenDriver = {
  name: 'the listing is upside down',
  laws: ['LIST-1'],
  on: each(
    class extends Misreading {
      override async list(query: ListQuery): Promise<PageAnswer> {
        const page = await super.list(query)
        return { ...page, jobs: page.jobs.toReversed() }
      }
    },
  ),
}

export const delayedAmongUnclaimed: BrokenDriver = {
  name: 'the listing of the unclaimed shows delayed jobs',
  laws: ['LIST-2'],
  on: each(
    class extends Misreading {
      override async list(query: ListQuery): Promise<PageAnswer> {
        // Only whole listings: a look for one job is not about this law.
        if (query.states !== 'unclaimed' || query.limit === 1) return super.list(query)
        const page = await super.list({ ...query, states: 'all' })
        return { ...page, jobs: page.jobs.filter(({ standing }) => standing.state === 'UNCLAIMED') }
      }
    },
  ),
}

const shown = new Shared(() => new Map<string, Standing>())

export const staleListing: BrokenDriver = {
  name: 'a listing shows a change of state only when it is read again',
  laws: ['LIST-3'],
  on: each(
    class extends Misreading {
      override async list(query: ListQuery): Promise<PageAnswer> {
        const page = await super.list(query)
        return query.states === 'all' ? { ...page, jobs: page.jobs.map(job => this.#late(job)) } : page
      }

      #late(job: JobRecord): JobRecord {
        const standings = shown.of(this.backend)
        const before = standings.get(job.id) ?? job.standing
        standings.set(job.id, job.standing)
        return { ...job, standing: before }
      }
    },
  ),
}

export const shownTwice: BrokenDriver = {
  name: 'a job that comes back between two pages is shown again',
  laws: ['LIST-4'],
  on: each(
    class extends Misreading {
      override list(query: ListQuery): Promise<PageAnswer> {
        const { after, ...first } = query
        if (after === undefined) return super.list(query)
        // The third part of the mark is the newest job of the first page, which bounds the others.
        return super.list({ ...first, after: after.replace(/[^:]*$/, String(this.backend.newestOrder)) })
      }
    },
  ),
}

export const onlyFresh: BrokenDriver = {
  name: 'a listing that need not be fresh shows nothing',
  laws: ['LIST-1'],
  on: each(
    class extends Misreading {
      override async list(query: ListQuery): Promise<PageAnswer> {
        const page = await super.list(query)
        return query.fresh ? page : { ...page, jobs: [] }
      }
    },
  ),
}

export const filteredTooLate: BrokenDriver = {
  name: 'a page is cut before it is filtered, and one that is not full is taken for the last',
  laws: ['LIST-4'],
  on: each(
    class extends Misreading {
      override async list(query: ListQuery): Promise<PageAnswer> {
        // A look for one job is not about this law.
        if (query.limit === 1) return super.list(query)
        const { names, ...rest } = query
        const { next, ...page } = await super.list({ ...rest, states: 'all' })
        const { jobs: wanted, ...last } = await super.list({ ...query, limit: 100_000 })
        const ids = new Set(wanted.map(({ id }) => id))
        const jobs = page.jobs.filter(({ id }) => ids.has(id))
        return jobs.length === query.limit && next !== undefined ? { ...page, jobs, next } : { ...last, jobs }
      }
    },
  ),
}

export const onePerPageTooMany: BrokenDriver = {
  name: 'a page holds one job more than were asked for',
  laws: ['LIST-4'],
  on: each(
    class extends Misreading {
      override list(query: ListQuery): Promise<PageAnswer> {
        return super.list({ ...query, limit: query.limit + 1 })
      }
    },
  ),
}

export const foundInOrderOfIds: BrokenDriver = {
  name: 'jobs that are looked up together are answered in the order of their ids',
  laws: ['LIST-3'],
  on: each(
    class extends Misreading {
      override jobs(query: JobsQuery): Promise<JobsAnswer> {
        return super.jobs({ ...query, ids: query.ids.toSorted() })
      }
    },
  ),
}

export const malformedThrows: BrokenDriver = {
  name: 'an entry that does not parse makes the listing throw',
  laws: ['LIST-5'],
  on: each(
    class extends Misreading {
      override list(query: ListQuery): Promise<PageAnswer> {
        if (this.backend.malformed.size > 0) throw new SyntaxError('unexpected token in a posting')
        return super.list(query)
      }
    },
  ),
}

export const malformedDeleted: BrokenDriver = {
  name: 'an entry that does not parse is deleted by who meets it',
  laws: ['LIST-5'],
  on: each(
    class extends Misreading {
      override async list(query: ListQuery): Promise<PageAnswer> {
        const page = await super.list(query)
        this.backend.malformed.clear()
        return page
      }
    },
  ),
}

export const countsWrong: BrokenDriver = {
  name: 'claimed jobs are counted as unclaimed too',
  laws: ['LIST-6'],
  on: each(
    class extends Misreading {
      override async counts(query: CountsQuery): Promise<Counts> {
        const counts = await super.counts(query)
        return { ...counts, unclaimed: counts.unclaimed + counts.claimed }
      }
    },
  ),
}

export const namesListedAlike: BrokenDriver = {
  name: 'a listing of given names shows names that differ in case',
  laws: ['LIST-1'],
  on: each(
    class extends Misreading {
      override list(query: ListQuery): Promise<PageAnswer> {
        if (query.names === undefined) return super.list(query)
        const small = new Set(query.names.map(name => name.toLowerCase()))
        const all = [...this.backend.jobs.values()].map(({ posting }) => posting.name)
        return super.list({ ...query, names: all.filter(name => small.has(name.toLowerCase())) })
      }
    },
  ),
}

/** How many jobs were given a delay, and not claimed since. */
function onceDelayed(backend: MemoryBackend): number {
  const now = backend.clock.now()
  const isOver = ({ claim, trash, availableAt }: Row) =>
    claim === undefined && trash === undefined && availableAt !== undefined && availableAt <= now
  return [...backend.jobs.values()].filter(isOver).length
}

type Row = Parameters<MemoryBackend['purge']>[0]

export const countedAsDelayed: BrokenDriver = {
  name: 'a job whose delay is over goes on being counted as delayed',
  laws: ['LIST-6'],
  on: each(
    class extends Misreading {
      override async counts(query: CountsQuery): Promise<Counts> {
        const { unclaimed, delayed, ...counts } = await super.counts(query)
        const late = onceDelayed(this.backend)
        return { ...counts, unclaimed: unclaimed - late, delayed: delayed + late }
      }
    },
  ),
}

export const delayedForEver: BrokenDriver = {
  name: 'the listing of the unclaimed leaves out jobs whose delay is over',
  laws: ['LIST-2'],
  on: each(
    class extends Misreading {
      override async list(query: ListQuery): Promise<PageAnswer> {
        const page = await super.list(query)
        // A look for one job is not about this law.
        if (query.states !== 'unclaimed' || query.limit === 1) return page
        const wasDelayed = ({ id }: JobRecord) => this.backend.jobs.get(id)?.availableAt !== undefined
        return { ...page, jobs: page.jobs.filter(job => !wasDelayed(job)) }
      }
    },
  ),
}
