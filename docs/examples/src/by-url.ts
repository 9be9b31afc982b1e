import { fetchBoard } from '@jobboard/core'

const board = await fetchBoard('pictures', process.env['JOBBOARD_URL'] ?? 'file:./.jobboard')
const { unclaimed, delayed, claimed, trashed } = await board.count()
console.log(`${unclaimed} to do, ${delayed} for later, ${claimed} being done, ${trashed} in the trash`)
await board.close()
