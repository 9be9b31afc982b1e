import type { Jobboard, JobboardEventName, JobboardEvents } from '@jobboard/core'
import type { EventView } from './world.js'

type Readers = { readonly [E in JobboardEventName]: (payload: JobboardEvents[E]) => Omit<EventView, 'event'> }

const readers: Readers = {
  posted: jobEvent,
  claimed: jobEvent,
  released: jobEvent,
  removed: jobEvent,
  resynced: () => ({}),
  malformed: ({ where, problem }) => ({ message: `${where}: ${problem}` }),
  claimLost: ({ jobId, owner, error }) => ({ jobId, owner, code: error.code, message: error.message }),
  sessionLost: ({ sessionId }) => ({ message: sessionId }),
  error: ({ error, during }) => ({ ...codeOf(error), message: `${during}: ${error.message}` }),
}

/** Every event of the board from now on, in order, in a list that grows. */
export function eventRecorder(board: Jobboard): readonly EventView[] {
  const events: EventView[] = []
  const listen = <E extends JobboardEventName>(event: E, read: Readers[E]): void => {
    board.on(event, payload => void events.push({ event, ...read(payload) }))
  }
  for (const event of Object.keys(readers) as JobboardEventName[]) listen(event, readers[event])
  return events
}

function jobEvent({ jobId, why, owner }: JobboardEvents['posted']): Omit<EventView, 'event'> {
  return { jobId, ...(why !== undefined && { why }), ...(owner !== undefined && { owner }) }
}

function codeOf(error: Error): { code?: string } {
  return 'code' in error && typeof error.code === 'string' ? { code: error.code } : {}
}
