import { Jobboard } from '@jobboard/core'
import { sqlite } from '@jobboard/sqlite'
import { resize } from './resize.js'

const stop = new AbortController()
process.once('SIGTERM', () => stop.abort())

const board = new Jobboard(sqlite({ dir: process.argv[2] ?? './.jobboard' }), { name: 'pictures' })
await board.connect()
for await (const claim of board.claims({ names: 'resize', signal: stop.signal })) {
  try {
    await resize(claim.job.details, claim.signal)
    await claim.consume()
  } catch (error) {
    console.error(`${claim.job.id}: ${error}`)
    if (claim.state === 'held') await claim.abandon({ delayMs: 5_000, failure: true })
  }
}
await board.close()
