import { connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** A way to the server on which replies can be lost: requests arrive, and the connection ends in place of the answer. */
export interface CuttingProxy {
  readonly url: string
  /** The next request that holds this text is executed, and its reply is lost. */
  cutReplyTo(text: string): void
  /** How many replies were lost so far. */
  readonly cuts: number
}

export async function cuttingProxy(target: string): Promise<CuttingProxy> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  let wanted: string | undefined
  let cuts = 0
  const server = createServer(client => {
    const upstream = connect(Number(port), hostname)
    let doomed = false
    const end = (): void => {
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) socket.on('error', end).on('close', end)
    sockets.add(client)
    client.on('data', data => {
      if (wanted !== undefined && data.includes(wanted)) {
        wanted = undefined
        doomed = true
      }
      upstream.write(data)
    })
    upstream.on('data', data => {
      if (!doomed) return void client.write(data)
      cuts += 1
      end()
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  const own = typeof address === 'object' ? address?.port : 0
  return {
    url: `redis://127.0.0.1:${own}`,
    cutReplyTo: text => {
      wanted = text
    },
    get cuts() {
      return cuts
    },
  }
}
