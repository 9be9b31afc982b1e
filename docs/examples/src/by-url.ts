import { fetchBoard } from '@jobboard/core'

const url = process.env['JOBBOARD_URL'] ?? 'file:./.jobboard'
const board = await fetchBoard('pictures', url, { from: import.meta.dirname })
const { unclaimed, delayed, claimed, trashed } = await board.count()
console.log(`${unclaimed} to do, ${delayed} for later, ${claimed} being done, ${trashed} in the trash`)
await board.close()
