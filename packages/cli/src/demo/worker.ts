import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Claim, ClaimLostError } from '@jobboard/core'
import { openBoard } from '../board.js'
import {
  type Effort,
  longestMs,
  type StorageAnswer,
  type StorageRequest,
  sessionTtlMs,
  type WorkerMessage,
} from './messages.js'

/** One worker process of `jobboard demo`. It ends when its channel to the demo does, hence with whoever started it. */
async function work(url: string, owner: string): Promise<void> {
  const stop = new AbortController()
  process.once('disconnect', () => stop.abort())
  // The demo may have ended while this process was loaded.
  if (process.connected === false) stop.abort()
  await using board = await openBoard(url, { owner, sessionTtlMs })
  tell({ event: 'ready' })
  for await (const claim of board.claims({ signal: stop.signal })) {
    tell({ event: 'claimed', ...subject(claim), ...(claim.previous && { lostBy: claim.previous.owner }) })
    await doSteps(claim)
    await finish(claim)
  }
}

/**
 * Begins after the last step that was finished, and keeps each finished step where the next owner finds it.
 *
 * It does not look at `claim.signal`, as a worker should that wants to stop in time: whoever wakes up between that look and
 * the write is late all the same, and then it is the storage that has to refuse.
 */
async function doSteps(claim: Claim): Promise<void> {
  const { steps: of, stepMs } = claim.job.details as unknown as Effort
  let answer = await ask({ event: 'begin', ...subject(claim), of })
  while (answer.accepted && answer.finished < of) {
    await sleep(stepMs)
    answer = await ask({ event: 'step', ...subject(claim), step: answer.finished + 1, of })
  }
}

/** A worker that has been refused would stop here. This one tries to consume all the same, to show what it is told. */
async function finish(claim: Claim): Promise<void> {
  try {
    await claim.consume()
    tell({ event: 'consumed', ...subject(claim) })
  } catch (error) {
    if (!(error instanceof ClaimLostError)) throw error
    tell({ event: 'too late', ...subject(claim), code: error.code })
  }
}

async function ask(request: StorageRequest): Promise<StorageAnswer> {
  const answered = once(process, 'message')
  tell(request)
  const [answer] = await answered
  return answer as StorageAnswer
}

function subject(claim: Claim): { readonly job: string; readonly token: string } {
  return { job: claim.job.name, token: claim.fencingToken.toString() }
}

/** A demo that has ended hears nothing, and that is no error: the end of the channel ends this process, too. */
function tell(message: WorkerMessage): void {
  process.send?.(message, undefined, undefined, () => {})
}

// Whatever happens to the demo, nobody is left behind for long.
setTimeout(() => process.exit(1), longestMs).unref()
process.once('disconnect', () => setTimeout(() => process.exit(), sessionTtlMs).unref())
const [url = '', owner = ''] = process.argv.slice(2)
void work(url, owner)
