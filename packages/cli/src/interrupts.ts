import { constants } from 'node:os'

/** What signals asked of this process. */
export interface Interrupts extends Disposable {
  /** Aborts at the first SIGINT, SIGTERM or SIGHUP: come to an end. */
  readonly first: AbortSignal
  /** Aborts at the second one: hurry. A third ends the process at once. */
  readonly second: AbortSignal
  /** 130, 143 or 129 once there was a signal. */
  readonly status: number | undefined
}

const watched = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Takes signals over from Node, which would end the process at the first one, until disposed. */
export function watchInterrupts(): Interrupts {
  const steps = [new AbortController(), new AbortController()] as const
  let status: number | undefined
  const onSignal = (signal: NodeJS.Signals): void => {
    status ??= 128 + constants.signals[signal]
    const next = steps.find(step => !step.signal.aborted)
    if (next === undefined) process.exit(status)
    next.abort()
  }
  for (const signal of watched) process.on(signal, onSignal)
  return {
    first: steps[0].signal,
    second: steps[1].signal,
    get status() {
      return status
    },
    [Symbol.dispose]: () => {
      for (const signal of watched) process.off(signal, onSignal)
    },
  }
}
