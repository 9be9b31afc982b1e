import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { Passage } from './passage.js'
import { ProcessGroup } from './process-group.js'
import { Tail } from './tail.js'

/** How a command ended. `stopped`: it was told to stop, and whatever it answered is of no account. */
export type CommandEnd =
  | { readonly kind: 'exited'; readonly status: number; readonly stderr: Tail }
  | { readonly kind: 'killed'; readonly signal: NodeJS.Signals; readonly stderr: Tail }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'unstartable'; readonly error: Error }

export interface CommandInput {
  readonly env: Readonly<Record<string, string>>
  /** Text for its standard input. */
  readonly stdin: string
  /** Where its standard output goes: to that of this process, or to stderr when stdout carries JSON. */
  readonly stdout: 'stdout' | 'stderr'
  /** The command is stopped when one of these aborts. */
  readonly stopOn: readonly AbortSignal[]
}

/**
 * Runs a command in a shell, in a process group of its own, to the end of the whole group.
 *
 * What it prints is passed on, and the last of its stderr is kept. Signals that a terminal sends to the foreground do not
 * reach it.
 */
export async function runCommand(command: string, input: CommandInput): Promise<CommandEnd> {
  if (input.stopOn.some(signal => signal.aborted)) return { kind: 'stopped' }
  const child = await started(command, input).catch((error: Error) => error)
  if (child instanceof Error) return { kind: 'unstartable', error: child }
  const exit = exitOf(child)
  const group = new ProcessGroup(child.pid)
  const stderr = new Tail()
  const outputs = [
    new Passage(child.stdout, input.stdout),
    new Passage(child.stderr, 'stderr', chunk => stderr.add(chunk)),
  ]
  feed(child.stdin, input.stdin)
  const stopped = await untilExit(exit, group, input.stopOn)
  await group.end()
  child.stdin.destroy()
  const hurry = (): boolean => input.stopOn.some(signal => signal.aborted)
  await Promise.all(outputs.map(output => output.end(hurry)))
  const [status, signal] = await exit
  if (stopped) return { kind: 'stopped' }
  return signal === null
    ? { kind: 'exited', status: status ?? 0, stderr }
    : { kind: 'killed', signal, stderr }
}

type Child = ChildProcessByStdio<Writable, Readable, Readable> & { readonly pid: number }
type Exit = readonly [status: number | null, signal: NodeJS.Signals | null]

/** Rejects when the process cannot be made (no memory, no more processes or files): nothing of the job's doing. */
async function started(command: string, { env }: CommandInput): Promise<Child> {
  const child = spawn(command, {
    shell: true,
    detached: true,
    env: { ...process.env, ...env },
    stdio: 'pipe',
  })
  // Without a process there may be no streams either, and the error comes as an event.
  if (child.pid === undefined) await once(child, 'spawn')
  return child as unknown as Child
}

/** A command need not read its input: a pipe that it closes is no error. */
function feed(stdin: Writable, text: string): void {
  stdin.on('error', () => {})
  stdin.end(text)
}

function exitOf(child: Child): Promise<Exit> {
  return once(child, 'exit') as Promise<unknown> as Promise<Exit>
}

/** Whether the command was told to stop before it ended by itself. */
async function untilExit(
  exit: Promise<Exit>,
  group: ProcessGroup,
  stopOn: readonly AbortSignal[],
): Promise<boolean> {
  let stopped = false
  const stop = (): void => {
    stopped = true
    void group.end()
  }
  for (const signal of stopOn) signal.addEventListener('abort', stop, { once: true })
  await exit
  for (const signal of stopOn) signal.removeEventListener('abort', stop)
  return stopped
}
