// What runs in a client's process. It serves one board after the other, and ends with the process that started it.

import type { JobboardDriver } from '@jobboard/core/driver'
import { callVerb, openVerbs } from './channel.js'
import type { ClientVerbs } from './client-verbs.js'
import type { Json } from './harness.js'
import { StallWatch } from './stalls.js'
import { type Opening, packError, type Reply, type Request } from './wire.js'

/** The module that a harness names as its `clientModule`. */
interface ClientModule {
  openClient(config: Json): JobboardDriver | Promise<JobboardDriver>
}

let verbs: ClientVerbs | undefined
let stalls: StallWatch | undefined

/** A parent that is gone cannot hear; the `disconnect` event ends this process. */
function tell(reply: Reply): void {
  if (process.connected) process.send?.(reply, () => {})
}

async function execute(request: Request): Promise<unknown> {
  if ('open' in request) return open(request.open)
  if ('verb' in request) {
    if (verbs === undefined) throw new Error('the client has no board')
    return callVerb(verbs, request.verb, request.args as never)
  }
  return aTurn()
}

/** What a board that was closed left to be done at once is done before a ping is answered. */
function aTurn(): Promise<void> {
  return new Promise(resolve => setTimeout(() => setImmediate(resolve), 0))
}

async function open({ module, config, settings }: Opening): Promise<void> {
  const { openClient } = (await import(module)) as ClientModule
  stalls?.stop()
  stalls = new StallWatch(stall => tell({ note: 'stalled', ...stall }))
  verbs = await openVerbs(await openClient(config), settings, tell)
}

function letGo(): void {
  stalls?.stop()
  process.off('disconnect', end)
  process.disconnect()
}

function end(): void {
  process.exit()
}

/** Ends as every process does that no listener keeps alive, also where the driver brought a listener of its own. */
function crash(thrown: unknown): void {
  console.error(thrown)
  process.exit(crashStatus)
}

const crashStatus = 70

process.on('uncaughtException', crash)
process.on('unhandledRejection', crash)
process.on('disconnect', end)
process.on('message', (request: Request) => {
  stalls?.look()
  if ('letGo' in request) return letGo()
  const { id } = request
  execute(request).then(
    value => tell({ id, value }),
    error => tell({ id, error: packError(error) }),
  )
})
