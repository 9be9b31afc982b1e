import { type ChildProcess, fork } from 'node:child_process'
import { on, once } from 'node:events'
import { fileURLToPath } from 'node:url'

export type Role = 'claimer' | 'hammer' | 'idler'

/** Another process of a benchmark, which answers in messages. */
export class Helper<Message> implements AsyncDisposable {
  readonly #role: Role
  readonly #child: ChildProcess
  readonly #messages: AsyncIterator<[Message]>

  constructor(role: Role, args: readonly (string | number)[]) {
    this.#role = role
    this.#child = fork(fileURLToPath(new URL(`./${role}.js`, import.meta.url)), args.map(String))
    this.#messages = on(this.#child, 'message', { close: ['exit'] }) as AsyncIterator<[Message]>
  }

  /** The next message, in their order. @throws when the process has ended instead */
  async next(): Promise<Message> {
    const { done, value } = await this.#messages.next()
    if (done) throw new Error(`the ${this.#role} ended with status ${this.#child.exitCode}`)
    return value[0]
  }

  /** Lets the process go on from where it waits. */
  go(): void {
    this.#child.send('go')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exit = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exit
  }
}

/** Several of one role, which begin together. */
export class Helpers<Message> implements AsyncDisposable {
  readonly #all: readonly Helper<Message>[]

  constructor(count: number, role: Role, args: readonly (string | number)[]) {
    this.#all = Array.from({ length: count }, () => new Helper<Message>(role, args))
  }

  next(): Promise<readonly Message[]> {
    return Promise.all(this.#all.map(helper => helper.next()))
  }

  go(): void {
    for (const helper of this.#all) helper.go()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#all.map(helper => helper[Symbol.asyncDispose]()))
  }
}

/** In the other process: tells its starter something. */
export function tell(message: unknown): void {
  process.send?.(message)
}

/** In the other process: waits until the starter says so. */
export async function told(): Promise<void> {
  await once(process, 'message')
}

/** Nanoseconds of the clock that all processes of a machine share. */
export function sharedNow(): bigint {
  return process.hrtime.bigint()
}
