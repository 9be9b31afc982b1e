import { appendFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Claim, ClaimLostError } from '@jobboard/core'
import { openBoard } from '../board.js'
import { type Effort, type LogLine, sessionTtlMs, type WorkerMessage } from './messages.js'

/** One worker process of `jobboard demo`. It ends when its standard input does, hence with whoever started it. */
async function work(url: string, owner: string, log: string): Promise<void> {
  await using board = await openBoard(url, { owner, sessionTtlMs })
  const stop = new AbortController()
  process.stdin.on('end', () => stop.abort()).resume()
  tell({ event: 'ready' })
  for await (const claim of board.claims({ signal: stop.signal })) {
    tell({ event: 'claimed', ...subject(claim), ...(claim.previous && { lostBy: claim.previous.owner }) })
    await doSteps(claim)
    await finish(claim, log)
  }
}

async function doSteps(claim: Claim): Promise<void> {
  const { steps, stepMs } = claim.job.details as unknown as Effort
  for (let step = 1; step <= steps && !claim.signal.aborted; step++) {
    tell({ event: 'step', ...subject(claim), step, of: steps })
    await sleep(stepMs, undefined, { signal: claim.signal }).catch(() => {})
  }
}

/** A sensible worker would stop at a lost claim. This one tries to consume all the same, to show what the board says. */
async function finish(claim: Claim, log: string): Promise<void> {
  if (claim.state === 'held') {
    const line: LogLine = { ...subject(claim), owner: claim.owner }
    appendFileSync(log, `${JSON.stringify(line)}\n`)
  }
  try {
    await claim.consume()
    tell({ event: 'consumed', ...subject(claim) })
  } catch (error) {
    if (!(error instanceof ClaimLostError)) throw error
    tell({ event: 'refused', ...subject(claim), code: error.code })
  }
}

function subject(claim: Claim): { readonly job: string; readonly token: string } {
  return { job: claim.job.name, token: claim.fencingToken.toString() }
}

function tell(message: WorkerMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}

const [url = '', owner = '', log = ''] = process.argv.slice(2)
void work(url, owner, log)
