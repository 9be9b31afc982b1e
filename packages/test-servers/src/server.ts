/** What a test wants to have. Each kind of server is one member. */
export type Wanted = RedisWanted

/** One Redis without replicas. */
export interface RedisWanted {
  readonly kind: 'redis'
  /** Lines of its configuration file, for example `{ appendonly: 'yes' }`. @default none: nothing is kept on disk */
  readonly settings?: Readonly<Record<string, string>>
  /**
   * Whether any server will do, also one that others use and that nobody may stop: every board has a name of its own there.
   *
   * @default false
   */
  readonly shared?: boolean
}

/** A server that runs for a test. Its methods resolve once what they say is true. */
export interface TestServer extends AsyncDisposable {
  /** Where it listens. Stays the same when it is started again. */
  readonly url: string
  /** Stops it as a debugger or a suspended machine does (SIGSTOP): connections stay, answers stop. */
  pause(): Promise<void>
  /** Lets a paused server go on. */
  resume(): Promise<void>
  /** Ends it at once (SIGKILL), paused or not. What it keeps on disk stays for `start`. */
  kill(): Promise<void>
  /** Ends it in its own way (SIGTERM). */
  stop(): Promise<void>
  /** Starts it again after `kill` or `stop`, with the same address and data. */
  start(): Promise<void>
  /** `kill`, then `start`. */
  restart(): Promise<void>
}

/** A place where servers come from: this machine, containers, or somebody who runs them already. */
export interface ServerProvider {
  /** As in `JOBBOARD_TEST_SERVERS`. */
  readonly name: string
  /** @throws Error that says what to install or to set, when the server cannot be had. */
  start(wanted: Wanted): Promise<TestServer>
}
