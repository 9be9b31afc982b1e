import type { DriverEnvironment, DriverSink, JobboardDriver } from '@jobboard/core/driver'

/** The members of a driver that a board calls between `open` and `close`. */
export type DriverMember = Exclude<keyof JobboardDriver, 'info' | 'open' | 'close'>

/** One call on its way from a board to its driver. */
export interface DriverCall<T> {
  readonly member: DriverMember
  readonly args: readonly unknown[]
  /** Has the driver do it: never, once, later, or twice, as you like. */
  proceed(): Promise<T>
}

/** Stands between a board and its driver. What is left out passes unchanged. */
export interface Interceptor {
  call?<T>(call: DriverCall<T>): Promise<T>
  open?(
    proceed: JobboardDriver['open'],
    sink: DriverSink,
    environment: DriverEnvironment,
  ): ReturnType<JobboardDriver['open']>
  close?(proceed: JobboardDriver['close']): Promise<void>
}

type Member = (...args: readonly unknown[]) => Promise<unknown>

/** The driver as `interceptor` lets it be seen. It has the optional members that the driver has. */
export function intercept(driver: JobboardDriver, interceptor: Interceptor): JobboardDriver {
  return new Proxy(driver, {
    get(target, member) {
      const value: unknown = Reflect.get(target, member)
      if (typeof value !== 'function') return value
      return intercepted(member, value.bind(target), interceptor)
    },
  })
}

function intercepted(member: string | symbol, original: Member, interceptor: Interceptor): unknown {
  switch (member) {
    case 'open':
      return interceptor.open === undefined
        ? original
        : (sink: DriverSink, environment: DriverEnvironment) =>
            interceptor.open?.(original as JobboardDriver['open'], sink, environment)
    case 'close':
      return interceptor.close === undefined
        ? original
        : () => interceptor.close?.(original as JobboardDriver['close'])
    default:
      return interceptor.call === undefined
        ? original
        : (...args: readonly unknown[]) =>
            // A driver that throws instead of rejecting is met as one that rejects.
            interceptor.call?.({
              member: member as DriverMember,
              args,
              proceed: async () => original(...args),
            })
  }
}
