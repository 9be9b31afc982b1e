import { once } from 'node:events'
import { printable } from './printable.js'

/** One of the two streams that this process writes to, in the order of its chunks and no faster than its reader takes them. */
class Outlet {
  readonly #stream: NodeJS.WriteStream
  readonly #gone = new AbortController()
  /** Whether the last thing written left its line open. */
  #midLine = false
  #broken: Error | undefined
  #draining: Promise<void> | undefined

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream
  }

  /** Aborts when nobody takes anything any more: the reader has gone away, or the disk is full. */
  get gone(): AbortSignal {
    return this.#gone.signal
  }

  /** Why it cannot be written to. A reader that went away is no reason to complain. */
  get broken(): Error | undefined {
    return this.#broken
  }

  get midLine(): boolean {
    return this.#midLine
  }

  tolerateErrors(): void {
    this.#stream.on('error', error => this.#end(error))
  }

  /** Resolves when the stream takes more. What nobody takes is thrown away. */
  async write(data: string | Buffer): Promise<void> {
    if (this.#gone.signal.aborted || data.length === 0) return
    this.#midLine = typeof data === 'string' ? !data.endsWith('\n') : data.at(-1) !== 0x0a
    if (!this.#send(data)) await this.#drained()
  }

  /** One wait for all writers: each of them would be a listener of its own. */
  #drained(): Promise<void> {
    // `once` rejects when the reader goes away while we wait; the listener of errors has noted it by then.
    this.#draining ??= once(this.#stream, 'drain', { signal: this.#gone.signal })
      .catch(() => {})
      .then(() => {
        this.#draining = undefined
      })
    return this.#draining
  }

  #send(data: string | Buffer): boolean {
    try {
      return this.#stream.write(data)
    } catch (error) {
      // A file is written to on the spot, and some versions of Node throw on the spot, too.
      this.#end(error as Error)
      return true
    }
  }

  #end(error: Error): void {
    if (!isClosedPipe(error)) this.#broken ??= error
    this.#gone.abort()
  }
}

const stdout = new Outlet(process.stdout)
const stderr = new Outlet(process.stderr)

/** Aborts when stdout cannot be written to any more (`| head`). Reading on for nobody may stop then; work under way may not. */
export const readerGone: AbortSignal = stdout.gone

/** Call once, before anything is written. A pipe that its reader closes early is no error; and of a broken stderr nobody can be told. */
export function tolerateClosedPipes(): void {
  stdout.tolerateErrors()
  stderr.tolerateErrors()
}

/** Why stdout took less than was printed, other than a reader that went away. */
export function brokenOutput(): Error | undefined {
  return stdout.broken
}

/** Writes data, one line or several. Resolves when stdout takes more, so that a slow reader slows the writer down. */
export function print(text: string): Promise<void> {
  return stdout.write(`${text}\n`)
}

/** Writes one JSON object as a line of stdout. */
export function printJson(value: unknown): Promise<void> {
  return print(JSON.stringify(value))
}

/** Writes a message for people to stderr, as one line. */
export function note(message: string): void {
  noteLine(printable(message))
}

/** Writes one JSON object as a line of stderr. */
export function noteJson(value: unknown): void {
  noteLine(JSON.stringify(value))
}

/** On a line of its own, wherever a command left off. */
function noteLine(line: string): void {
  void stderr.write(`${stderr.midLine ? '\n' : ''}${line}\n`)
}

/** Writes to stdout or stderr what a command printed; resolves when more is taken. */
export function passOn(chunk: Buffer, to: 'stdout' | 'stderr'): Promise<void> {
  return (to === 'stdout' ? stdout : stderr).write(chunk)
}

function isClosedPipe(error: Error): boolean {
  return 'code' in error && (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED')
}
