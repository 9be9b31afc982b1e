export type { RedisWanted, ServerProvider, TestServer, Wanted } from './server.js'
export { startServer } from './start-server.js'
