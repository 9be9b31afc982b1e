import type {
  Counts,
  CountsQuery,
  EntitiesQuery,
  Entity,
  JobsAnswer,
  JobsQuery,
  ListQuery,
  PageAnswer,
  ReadAnswer,
  ReadQuery,
  TrashQuery,
} from '@jobboard/core/driver'
import { Spoilt } from './broken-driver.js'

/** Spoils what is read: override one kind of look. */
export class Misreading extends Spoilt {
  override read<Q extends ReadQuery>(query: Q): Promise<ReadAnswer<Q>> {
    return this.#read(query) as Promise<ReadAnswer<Q>>
  }

  jobs(query: JobsQuery): Promise<JobsAnswer> {
    return super.read(query)
  }

  list(query: ListQuery): Promise<PageAnswer> {
    return super.read(query)
  }

  trash(query: TrashQuery): Promise<PageAnswer> {
    return super.read(query)
  }

  entities(query: EntitiesQuery): Promise<readonly Entity[]> {
    return super.read(query)
  }

  counts(query: CountsQuery): Promise<Counts> {
    return super.read(query)
  }

  async #read(query: ReadQuery): Promise<ReadAnswer<ReadQuery>> {
    switch (query.kind) {
      case 'jobs':
        return this.jobs(query)
      case 'list':
        return this.list(query)
      case 'trash':
        return this.trash(query)
      case 'entities':
        return this.entities(query)
      case 'counts':
        return this.counts(query)
    }
  }
}
