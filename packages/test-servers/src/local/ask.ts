import { connect, createServer } from 'node:net'

const limitMs = 1_000

/** Sends a request to a port of the loopback and answers with the first bytes that come back. */
export function ask(port: number, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request))
    const fail = (problem: Error): void => {
      socket.destroy()
      reject(problem)
    }
    socket.setTimeout(limitMs, () => fail(new Error(`no answer at port ${port} within ${limitMs} ms`)))
    socket.once('error', fail)
    socket.once('close', () => reject(new Error(`no answer at port ${port}`)))
    socket.once('data', data => {
      socket.destroy()
      resolve(data.toString())
    })
  })
}

/** A port of the loopback that nobody listens on at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
