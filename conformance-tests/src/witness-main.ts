// A process that has nothing to do: when it stands still, so does the machine. It ends with the process that started it.

import { StallWatch } from './stalls.js'
import type { Testimony } from './witness.js'

function tell(testimony: Testimony): void {
  if (process.connected) process.send?.(testimony, () => {})
}

const watch = new StallWatch(stall => tell({ stall }))

process.on('disconnect', () => process.exit())
process.on('message', (asked: number) => {
  watch.look()
  tell({ answered: asked })
})
