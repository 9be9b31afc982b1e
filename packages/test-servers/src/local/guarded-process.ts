import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { poll } from './poll.js'

/**
 * Starts the server and, beside it, a reader of our pipe. A word there is the signal that we want to send. The end of the pipe
 * without a word means that we are gone, however that came about: then the server ends too, also when it is stopped,
 * and its folder goes with it. The shell is there before the server, so there is no moment without a guard.
 */
const guard = `
exec 3<&0 2>/dev/null
folder=$1; shift
"$@" </dev/null >>"$folder/log" 2>&1 3<&- &
server=$!
{
  if read signal <&3; then kill -$signal $server; else
    trap '' TERM
    kill -KILL $server
    rm -rf "$folder"
  fi
} >/dev/null 2>&1 &
guard=$!
echo $server
wait $server
kill $guard 2>/dev/null
`

const logFile = 'log'
const keptOfLog = 2_000

/** A process that does not outlive this one. */
export class GuardedProcess {
  readonly pid: number
  readonly #shell: ChildProcessByStdio<Writable, Readable, null>
  readonly #folder: string
  readonly #ended: Promise<void>
  #hasEnded = false

  private constructor(
    shell: ChildProcessByStdio<Writable, Readable, null>,
    folder: string,
    pid: number,
    ended: Promise<void>,
  ) {
    this.#shell = shell
    this.#folder = folder
    this.pid = pid
    this.#ended = ended.then(() => {
      this.#hasEnded = true
    })
  }

  /** `folder` is its working directory; what it prints goes to a file there. */
  static async start(binary: string, args: readonly string[], folder: string): Promise<GuardedProcess> {
    const shell = spawn('/bin/sh', ['-c', guard, 'guard', folder, binary, ...args], {
      cwd: folder,
      stdio: ['pipe', 'pipe', 'inherit'],
      // Ctrl-C ends the tests, and the tests end their servers.
      detached: true,
    })
    const ended = new Promise<void>(resolve => shell.once('exit', () => resolve()))
    // Nothing of it keeps the tests from ending.
    shell.unref()
    shell.stdin.on('error', () => {})
    return new GuardedProcess(shell, folder, await firstNumber(shell.stdout), ended)
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** Resolves once the process has been stopped, which the signal alone does not tell. */
  async pause(): Promise<void> {
    this.#signal('SIGSTOP')
    await poll(`process ${this.pid} stops`, async () => (await stateOf(this.pid)) === 'T')
  }

  async resume(): Promise<void> {
    this.#signal('SIGCONT')
  }

  /** Resolves once the process is gone. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    // Whoever ends a server last of all still has its folder to remove.
    this.#shell.ref()
    if (!this.#hasEnded) this.#shell.stdin.write(`${signal.slice('SIG'.length)}\n`)
    await this.#ended
    this.#shell.stdout.destroy()
  }

  /** The end of what it printed. */
  async log(): Promise<string> {
    const text = await readFile(join(this.#folder, logFile), 'utf8').catch(() => '')
    return text.slice(-keptOfLog)
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#hasEnded) throw new Error(`process ${this.pid} has ended`)
    process.kill(this.pid, signal)
  }
}

async function firstNumber(output: Readable): Promise<number> {
  const [line] = await Promise.race([once(output, 'data'), once(output, 'end')])
  return Number(String(line).trim())
}

function once(output: Readable, event: string): Promise<readonly unknown[]> {
  return new Promise(resolve => output.once(event, (...args: unknown[]) => resolve(args)))
}

/** The letter with which Linux tells how a process stands; T where nobody tells, and the signal has to do. */
async function stateOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  return stat === undefined ? 'T' : stat.slice(stat.lastIndexOf(')') + 2).charAt(0)
}
