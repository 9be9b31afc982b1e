// What runs in a client's process. It serves one board after the other, and ends with the process that started it.

import type { JobboardDriver } from '@jobboard/core/driver'
import { callVerb, openVerbs } from './channel.js'
import type { ClientVerbs } from './client-verbs.js'
import type { Json } from './harness.js'
import { watchStalls } from './stalls.js'
import { type Opening, packError, type Reply, type Request } from './wire.js'

/** The module that a harness names as its `clientModule`. */
interface ClientModule {
  openClient(config: Json): JobboardDriver | Promise<JobboardDriver>
}

let verbs: ClientVerbs | undefined
let stopWatching: () => void = () => {}

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
  return undefined
}

async function open({ module, config, settings }: Opening): Promise<void> {
  const { openClient } = (await import(module)) as ClientModule
  stopWatching()
  stopWatching = watchStalls((from, until) => tell({ note: 'stalled', from, until }))
  verbs = await openVerbs(await openClient(config), settings, tell)
}

function letGo(): void {
  stopWatching()
  process.off('disconnect', end)
  process.disconnect()
}

function end(): void {
  process.exit()
}

process.on('disconnect', end)
process.on('message', (request: Request) => {
  if ('letGo' in request) return letGo()
  const { id } = request
  execute(request).then(
    value => tell({ id, value }),
    error => tell({ id, error: packError(error) }),
  )
})
