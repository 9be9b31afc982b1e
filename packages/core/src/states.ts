/**
 * Where a job stands. Every state is derived at a look, none is stored.
 *
 * `UNKNOWN` is what cannot be told: a job that is gone, without a trace of how (SETTLE-6).
 */
export type JobState = 'UNCLAIMED' | 'CLAIMED' | 'COMPLETE' | 'TRASHED' | 'UNKNOWN'
