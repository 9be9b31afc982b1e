/**
 * The time of one process. Everything in core that waits or looks at the time does it here, so that tests can turn it.
 *
 * Two clocks, because each fails in its own way: the monotonic one may stand still while the machine is suspended, the
 * wall clock may jump. A claim counts as lost when either of them says so (CLAIM-8).
 */
export interface Clock {
  /** The wall clock: milliseconds since 1970. */
  now(): number
  /** Milliseconds since some moment; never goes back. */
  monotonic(): number
  /** Calls back once after so many milliseconds. */
  setTimeout(callback: () => void, delayMs: number): Timer
}

/** A callback that is still to come. */
export interface Timer {
  clear(): void
  /** Lets the process end although the timer is running. */
  unref(): this
}

/** The clock of this process. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout(callback, delayMs) {
    // Node fires delays above 2^31-1 at once; nobody who waits so long minds waking up early.
    const handle = setTimeout(callback, Math.min(delayMs, 0x7fffffff))
    const timer: Timer = {
      clear: () => clearTimeout(handle),
      unref() {
        handle.unref()
        return timer
      },
    }
    return timer
  },
}

/** One moment on both clocks. */
export interface Instant {
  readonly monotonic: number
  readonly wall: number
}

/** This moment. */
export function instant(clock: Clock): Instant {
  return { monotonic: clock.monotonic(), wall: clock.now() }
}

/** How long ago a moment was, by the clock that says longer: the other one stood still or was set back. */
export function elapsedSince(moment: Instant, clock: Clock): number {
  return Math.max(clock.monotonic() - moment.monotonic, clock.now() - moment.wall)
}
