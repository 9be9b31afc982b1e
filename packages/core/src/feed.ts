import type { Chooser } from './chooser.js'
import type { Clock } from './clock.js'
import type { DriverSink } from './driver/driver.js'
import type { JobChange, MalformedEntry } from './driver/records.js'
import type { Emitter } from './emitter.js'
import type { JobboardEvents } from './events.js'
import type { Wakeups } from './wakeups.js'

/** Who hears of what the backend pushes. */
export interface FeedHost {
  readonly clock: Clock
  readonly emitter: Emitter<JobboardEvents>
  readonly wakeups: Wakeups
  readonly chooser: Chooser | undefined
  doubt(): void
  malformed(entry: MalformedEntry): void
  trouble(error: unknown, during: string): void
}

/** The one way from the backend back to callers: events, wake-ups, the view. */
export function feed(host: FeedHost): DriverSink {
  return {
    changed(changes) {
      host.chooser?.changed(changes)
      for (const change of changes) tell(host, change)
      host.wakeups.changed(changes)
    },
    gap() {
      host.chooser?.distrust()
      host.wakeups.all()
      host.emitter.emit('resynced', { at: new Date(host.clock.now()) })
    },
    doubt: () => host.doubt(),
    malformed: entry => host.malformed(entry),
    trouble: error => host.trouble(error, 'in the background'),
  }
}

function tell({ emitter, clock }: FeedHost, change: JobChange): void {
  // Most boards have no listener, and an event costs an object and a date.
  if (!emitter.has(change.change)) return
  const endsSomething = change.change === 'released' || change.change === 'removed'
  const why = change.why ?? (endsSomething ? 'unknown' : undefined)
  emitter.emit(change.change, {
    jobId: change.jobId,
    ...(why === undefined ? {} : { why }),
    ...(change.owner === undefined ? {} : { owner: change.owner }),
    at: new Date(clock.now()),
  })
}
