import { Jobboard } from '@jobboard/core'
import { sqlite } from '@jobboard/sqlite'
import { resize } from './resize.js'

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop.abort())

await using board = await new Jobboard(sqlite({ dir: process.argv[2] ?? './.jobboard' })).connect()
for await (const next of board.claims({ names: 'resize', signal: stop.signal })) {
  try {
    await using claim = next // at the end of the block it is given back, unless it was ended
    await resize(claim.job.details, claim.signal).catch(async error => {
      await claim.abandon({ delayMs: 5_000, failure: true })
      throw error
    })
    await claim.consume()
  } catch (error) {
    console.error(`${next.job.id}: ${error}`)
  }
}
