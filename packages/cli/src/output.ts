import { once } from 'node:events'
import { printable } from './printable.js'

const gone = new AbortController()

/** Aborts when the reader of stdout has gone away (`| head`). Reading on for nobody may stop then; work under way may not. */
export const readerGone: AbortSignal = gone.signal

/** Call once, before anything is written. A pipe that its reader closes early is no error. */
export function tolerateClosedPipes(): void {
  process.stdout.on('error', error => {
    if (!isClosedPipe(error)) throw error
    gone.abort()
  })
  process.stderr.on('error', error => {
    if (!isClosedPipe(error)) throw error
  })
}

/** Writes data, one line or several. Resolves when stdout takes more, so that a slow reader slows the writer down. */
export async function print(text: string): Promise<void> {
  if (gone.signal.aborted || process.stdout.write(`${text}\n`)) return
  // `once` rejects when the reader goes away while we wait; the listener above has noted it by then.
  await once(process.stdout, 'drain', { signal: gone.signal }).catch(() => {})
}

/** Writes one JSON object as a line of stdout. */
export function printJson(value: unknown): Promise<void> {
  return print(JSON.stringify(value))
}

/** Writes a message for people to stderr, as one line. */
export function note(message: string): void {
  process.stderr.write(`${printable(message)}\n`)
}

function isClosedPipe(error: Error): boolean {
  return 'code' in error && (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED')
}
