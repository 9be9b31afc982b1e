import { Jobboard } from '@jobboard/core'
import { sqlite } from '@jobboard/sqlite'

const board = new Jobboard(sqlite({ dir: process.argv[2] ?? './.jobboard' }), { name: 'pictures' })
await board.connect()
try {
  const job = await board.post('resize', {
    details: { file: 'holiday.png', width: 800 },
    priority: 'HIGH',
  })
  console.log(`posted ${job.name} as ${job.id}`)

  const outcome = await job.wait({ timeoutMs: 60_000 })
  console.log(outcome === false ? 'nobody finished it within a minute' : `it is ${outcome}`)
} finally {
  await board.close()
}
