import { Jobboard } from '@jobboard/core'
import { sqlite } from '@jobboard/sqlite'
import { sharedNow } from '../shared-clock.js'
import { tell } from './starter.js'

/** When the process got a claim, in nanoseconds of the shared clock. */
export interface ClaimTold {
  readonly jobId: string
  readonly at: string
}

/** Sleeps on a board and tells of each claim the moment it has it. */
async function main(dir: string): Promise<void> {
  await using board = await new Jobboard(sqlite({ dir })).connect()
  tell('ready')
  for await (const claim of board.claims()) {
    const told: ClaimTold = { jobId: claim.job.id, at: sharedNow().toString() }
    tell(told)
    await claim.consume()
  }
}

void main(process.argv[2] ?? '')
