import type { ServerProvider, TestServer, Wanted } from './server.js'

const urlVariables: Readonly<Record<Wanted['kind'], string>> = { redis: 'JOBBOARD_TEST_REDIS_URL' }

/** Servers that run already. They belong to somebody else, so nothing here stops them. */
export const externalProvider: ServerProvider = {
  name: 'external',
  async start(wanted) {
    if (wanted.shared !== true) throw new Error(`this test stops its ${wanted.kind} server; ${useLocal}`)
    const variable = urlVariables[wanted.kind]
    const url = process.env[variable]
    if (url === undefined) throw new Error(`JOBBOARD_TEST_SERVERS is external, so ${variable} must be set`)
    return sharedServer(url)
  },
}

const useLocal = 'run it with JOBBOARD_TEST_SERVERS=local'

function sharedServer(url: string): TestServer {
  const refuse = (): Promise<never> =>
    Promise.reject(new Error(`the server is not ours to stop or start; ${useLocal}`))
  return {
    url,
    pause: refuse,
    resume: refuse,
    kill: refuse,
    stop: refuse,
    start: refuse,
    restart: refuse,
    [Symbol.asyncDispose]: async () => {},
  }
}
