import { externalProvider } from './external.js'
import { localProvider } from './local/local-provider.js'
import type { ServerProvider, TestServer, Wanted } from './server.js'

const providers: readonly ServerProvider[] = [localProvider, externalProvider]

/**
 * Starts a server for a test, from the provider that `JOBBOARD_TEST_SERVERS` names.
 *
 * @throws Error that says what to do. A test that needs a server fails without one; it is never skipped.
 */
export async function startServer(wanted: Wanted): Promise<TestServer> {
  const name = process.env['JOBBOARD_TEST_SERVERS'] ?? 'local'
  const provider = providers.find(one => one.name === name)
  if (provider === undefined) {
    const known = providers.map(one => one.name).join(' or ')
    throw new Error(`JOBBOARD_TEST_SERVERS must be ${known}, not ${JSON.stringify(name)}`)
  }
  return provider.start(wanted)
}
