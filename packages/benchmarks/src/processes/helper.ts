import { type ChildProcess, fork } from 'node:child_process'
import { on, once } from 'node:events'
import { fileURLToPath } from 'node:url'

export type Role = 'claimer' | 'claims' | 'cycle' | 'hammer' | 'idler'

/** Another process of a benchmark: it tells things by itself, or answers questions. */
export class Helper<Message> implements AsyncDisposable {
  readonly #role: Role
  readonly #child: ChildProcess
  readonly #messages: AsyncIterator<[Message]>

  private constructor(role: Role, args: readonly (string | number)[]) {
    this.#role = role
    this.#child = fork(fileURLToPath(new URL(`./${role}.js`, import.meta.url)), args.map(String))
    this.#messages = on(this.#child, 'message', { close: ['exit'] }) as AsyncIterator<[Message]>
  }

  /** Resolves when the process is ready. @throws when it ends before that */
  static async start<Message>(role: Role, args: readonly (string | number)[]): Promise<Helper<Message>> {
    const helper = new Helper<Message>(role, args)
    await helper.next()
    return helper
  }

  /** The next thing that it tells, in their order. @throws when the process has ended instead */
  async next(): Promise<Message> {
    const { done, value } = await this.#messages.next()
    if (done) throw new Error(`the ${this.#role} process ended with status ${this.#child.exitCode}`)
    return value[0]
  }

  ask(question = ''): Promise<Message> {
    this.#child.send(question)
    return this.next()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exit = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exit
  }
}

/** Several of one role. */
export class Helpers<Message> implements AsyncDisposable {
  readonly #all: readonly Helper<Message>[]

  private constructor(all: readonly Helper<Message>[]) {
    this.#all = all
  }

  static async start<Message>(
    count: number,
    role: Role,
    args: readonly (string | number)[],
  ): Promise<Helpers<Message>> {
    return new Helpers(
      await Promise.all(Array.from({ length: count }, () => Helper.start<Message>(role, args))),
    )
  }

  /** Asks all at the same time. */
  ask(): Promise<readonly Message[]> {
    return Promise.all(this.#all.map(helper => helper.ask()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#all.map(helper => helper[Symbol.asyncDispose]()))
  }
}
