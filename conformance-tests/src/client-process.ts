import { type ChildProcess, fork, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { ClientSettings, VerbAnswer, VerbArgs, VerbName } from './channel.js'
import type { ClientNote } from './client-verbs.js'
import { CrashError } from './crashes.js'
import type { Json } from './harness.js'
import { type Reply, type Request, unpackError } from './wire.js'

const stopLimitMs = 2_000
const silenceMs = 200
const keptErrorOutput = 4_000
/** A process that died may have written more than has arrived. */
const lastWordsMs = 100
const answerLimitMs = 2_000

interface Pending {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

/** A child process that holds one client's board at a time. Freeze, thaw and kill are what the system does. */
export class ClientProcess {
  readonly pid: number
  readonly #child: ChildProcess
  readonly #pending = new Map<number, Pending>()
  readonly #exited: Promise<void>
  #lastId = 0
  #tell: (note: ClientNote) => void = () => {}
  #errorOutput = ''
  #hasExited = false
  #letGo = false
  #killed = false
  /** Kills the child if this process dies while the child cannot notice. */
  #guard: ChildProcess | undefined

  /** `onCrash` is told when it ends though nobody ordered it (FAULT-5). */
  constructor(onCrash: (crash: CrashError) => void = () => {}) {
    const main = fileURLToPath(new URL('./client-main.js', import.meta.url))
    this.#child = fork(main, {
      serialization: 'advanced',
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    this.#child.on('message', (reply: Reply) => this.#receive(reply))
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errorOutput = (this.#errorOutput + text).slice(-keptErrorOutput)
    })
    this.#exited = new Promise(resolve => {
      const end = async (how: string, isCrash: boolean): Promise<void> => {
        this.#hasExited = true
        this.#dismissGuard()
        await Promise.race([closed, pause(lastWordsMs)])
        const problem = this.#withLastWords(`the client's process ended (${how})`)
        const crash = new CrashError(problem)
        if (isCrash) onCrash(crash)
        this.#failPending(isCrash ? crash : new Error(problem))
        resolve()
      }
      const closed = new Promise<void>(hear => this.#child.once('close', () => hear()))
      this.#child.once('exit', (code, signal) => {
        void end(signal ?? `status ${code}`, !this.#killed && !(this.#letGo && code === 0))
      })
      this.#child.once('error', error => void end(error.message, false))
    })
    if (this.#child.pid === undefined) throw new Error('cannot start a process for a client')
    this.pid = this.#child.pid
  }

  get hasExited(): boolean {
    return this.#hasExited
  }

  /** The end of what the process wrote to its standard error. */
  get errorOutput(): string {
    return this.#errorOutput
  }

  get status(): number | NodeJS.Signals | null {
    return this.#child.signalCode ?? this.#child.exitCode
  }

  async open(
    module: URL,
    config: Json,
    settings: ClientSettings,
    tell: (note: ClientNote) => void,
  ): Promise<void> {
    this.#tell = tell
    await this.#send({ open: { module: module.href, config, settings } })
  }

  async call<V extends VerbName>(verb: V, ...args: VerbArgs<V>): Promise<VerbAnswer<V>> {
    return (await this.#send({ verb, args })) as VerbAnswer<V>
  }

  /** SIGSTOP, and a proof that it worked. */
  async stop(): Promise<void> {
    if (this.#hasExited) throw new Error(`process ${this.pid} is dead, and cannot stop`)
    this.#guard ??= guardOf(this.pid)
    this.#child.kill('SIGSTOP')
    if ((await this.#isStopped()) === false) throw new Error(`process ${this.pid} did not stop`)
  }

  continue(): void {
    this.#child.kill('SIGCONT')
    this.#dismissGuard()
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(): Promise<void> {
    this.#killed = true
    if (!this.#hasExited) this.#child.kill('SIGKILL')
    await this.#exited
  }

  /** Lets the process end by itself, once nothing keeps it. It serves no other client. */
  letGo(): void {
    if (this.#letGo || this.#hasExited) return
    this.#letGo = true
    this.#guard ??= guardOf(this.pid)
    this.#child.send({ id: 0, letGo: true } satisfies Request)
  }

  /** Whether it still does what it is told. */
  answers(): Promise<boolean> {
    return this.#answersWithin(answerLimitMs)
  }

  #send(
    request: { open: unknown } | { verb: VerbName; args: readonly unknown[] } | { ping: true },
  ): Promise<unknown> {
    if (this.#hasExited)
      return Promise.reject(new Error(`the client's process is dead\n${this.#errorOutput}`))
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject })
      // An argument that does not travel throws here and rejects; a child that is gone is told by `exit`.
      this.#child.send({ id, ...request } as Request, () => {})
    })
  }

  #receive(reply: Reply): void {
    if ('note' in reply) {
      this.#tell(reply)
      return
    }
    const pending = this.#pending.get(reply.id)
    this.#pending.delete(reply.id)
    if ('error' in reply) pending?.reject(unpackError(reply.error))
    else pending?.resolve(reply.value)
  }

  #withLastWords(problem: string): string {
    return this.#errorOutput === '' ? problem : `${problem}\n${this.#errorOutput}`
  }

  #failPending(error: Error): void {
    for (const { reject } of this.#pending.values()) reject(error)
    this.#pending.clear()
  }

  /** Asks the system where it tells; elsewhere a stopped process is one that lives and does not answer. */
  async #isStopped(): Promise<boolean> {
    const deadline = performance.now() + stopLimitMs
    while (performance.now() < deadline && !this.#hasExited) {
      const state = await processState(this.pid)
      if (state === 'T') return true
      if (state === undefined && (await processState(process.pid)) === undefined) {
        return !(await this.#answersWithin(silenceMs)) && !this.#hasExited
      }
      await pause(2)
    }
    return false
  }

  async #answersWithin(ms: number): Promise<boolean> {
    const answered = this.#send({ ping: true }).then(
      () => true,
      () => false,
    )
    return Promise.race([answered, pause(ms).then(() => false)])
  }

  #dismissGuard(): void {
    this.#guard?.stdin?.end('dismissed\n')
    this.#guard = undefined
  }
}

/** The letter with which Linux tells how a process stands; undefined where there is no /proc. */
export async function processState(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  return stat?.slice(stat.lastIndexOf(')') + 2).charAt(0)
}

/**
 * A stopped process cannot notice that its parent died, and would stay for ever. So a shell waits beside it for a word from us:
 * the end of the pipe without that word means that we are gone.
 */
function guardOf(pid: number): ChildProcess {
  const guard = spawn('/bin/sh', ['-c', `read word || kill -KILL ${pid}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  guard.unref()
  // Without a shell the run goes on: only its own sudden death is then less tidy.
  guard.on('error', () => {})
  guard.stdin?.on('error', () => {})
  return guard
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
