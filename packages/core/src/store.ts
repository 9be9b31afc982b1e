import { FlowAmbiguousError, FlowNotFoundError, InvalidStoreError } from './errors.js'
import { isPlainObject, nameOf } from './json.js'
import type { FlowDetail, LogBook, Store } from './persistence/models.js'

/** What the choice of a flow needs of a job. */
export interface FlowJob {
  readonly id: string
  readonly details: Readonly<Record<string, unknown>>
}

/**
 * The parameters of a flow: its own store overlaid by the job's, key by key (STORE-1).
 *
 * `{ a: 1, c: 3 }` under `{ a: 2, b: 1 }` gives `{ a: 2, b: 1, c: 3 }`. The overlay is shallow; neither input is changed;
 * either may be missing. Own keys only, and `__proto__` is a key like any other (STORE-2). TaskFlow's `_engine_from_job`.
 *
 * @throws InvalidStoreError when one of them is not a plain object (STORE-3).
 */
export function mergeStores(flowStore: unknown, jobStore: unknown): Store {
  return { ...checkStore(flowStore, 'the flow detail'), ...checkStore(jobStore, 'the job') }
}

/**
 * The parameters with which a job's flow runs: the store of its flow detail overlaid by the store in its details.
 *
 * @throws InvalidStoreError naming the flow detail or the job.
 */
export function flowStore(flow: FlowDetail, job: FlowJob): Store {
  return {
    ...checkStore(own(flow.meta, 'store'), `flow detail ${flow.uuid}`),
    ...checkStore(own(job.details, 'store'), `job ${job.id}`),
  }
}

/**
 * The flow detail that a job runs: the one that `details.flow_uuid` names, else the only one in its book (STORE-4).
 *
 * @throws FlowNotFoundError without a book, with an empty one, or when the named one is not in it.
 * @throws FlowAmbiguousError when the book has several and the job names none.
 */
export function chooseFlowDetail(job: FlowJob, book: LogBook | undefined): FlowDetail {
  if (book === undefined)
    throw new FlowNotFoundError(`Job ${job.id} has no logbook, so it has no flow; post it with a book`)
  const uuid = own(job.details, 'flow_uuid')
  if (uuid !== undefined) return named(book, uuid, job)
  const [only, ...others] = book.flowDetails
  if (only === undefined)
    throw new FlowNotFoundError(`Logbook ${book.uuid} of job ${job.id} holds no flow detail`)
  if (others.length === 0) return only
  throw new FlowAmbiguousError(
    `Logbook ${book.uuid} of job ${job.id} holds ${others.length + 1} flow details; name one in details.flow_uuid`,
  )
}

function named(book: LogBook, uuid: unknown, job: FlowJob): FlowDetail {
  const flow = book.flowDetails.find(flow => flow.uuid === uuid)
  if (flow !== undefined) return flow
  throw new FlowNotFoundError(
    `Job ${job.id} names flow detail ${String(uuid)}, which is not in logbook ${book.uuid}`,
  )
}

function own(object: Readonly<Record<string, unknown>> | undefined, key: string): unknown {
  return object !== undefined && Object.hasOwn(object, key) ? object[key] : undefined
}

function checkStore(store: unknown, origin: string): Store | undefined {
  if (store === undefined || store === null) return undefined
  if (!isPlainObject(store)) throw new InvalidStoreError(origin, nameOf(store))
  return store
}
