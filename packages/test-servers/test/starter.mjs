// A process of its own with a server, for the test that kills it. It prints the server's process id.
import { connect } from 'node:net'
import { startServer } from '@jobboard/test-servers'

const server = await startServer({ kind: 'redis' })
const socket = connect(Number(new URL(server.url).port), '127.0.0.1', () => socket.write('INFO server\r\n'))
socket.once('data', async data => {
  if (process.argv[2] === 'paused') await server.pause()
  console.log(/process_id:(\d+)/.exec(data.toString())?.[1])
})
if (process.argv[2] === 'ended') {
  socket.destroy()
  await server[Symbol.asyncDispose]()
} else {
  setInterval(() => {}, 1_000)
}
