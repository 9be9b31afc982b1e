import { Jobboard, silentLogger } from '@jobboard/core'
import { MemoryBackend, memory } from '@jobboard/memory'
import { expect, it } from 'vitest'

it('an entry that does not parse is told by an event and written to the log (LIST-5)', async () => {
  const backend = new MemoryBackend()
  backend.plantMalformed('row 7')
  const logged: string[] = []
  const logger = { ...silentLogger, warn: (message: string) => logged.push(message) }
  await using board = new Jobboard(memory({ backend }), { name: 'pictures', logger })
  await board.connect()
  const told: string[] = []
  board.on('malformed', ({ where }) => told.push(where))

  for await (const job of board.iterJobs()) throw new Error(`no job was posted, but ${job.id} is shown`)

  expect(told).toEqual(['row 7'])
  expect(logged).toEqual(['pictures: skipped the entry at row 7: not a posting'])
})
