/** Nanoseconds of the clock that all processes of a machine share. */
export function sharedNow(): bigint {
  return process.hrtime.bigint()
}
