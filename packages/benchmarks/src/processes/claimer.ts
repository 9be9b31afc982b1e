import { Jobboard } from '@jobboard/core'
import { sqlite } from '@jobboard/sqlite'
import { sharedNow, tell } from './helper.js'

/** Sleeps on a board and tells of each claim the moment it has it. */
async function main(dir: string): Promise<void> {
  await using board = await new Jobboard(sqlite({ dir })).connect()
  tell({ ready: true })
  for await (const claim of board.claims()) {
    tell({ jobId: claim.job.id, at: sharedNow().toString() })
    await claim.consume()
  }
}

void main(process.argv[2] ?? '')
