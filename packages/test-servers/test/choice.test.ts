import assert from 'node:assert/strict'
import { afterEach, describe, it, vi } from 'vitest'
import { startServer } from '../src/index.js'

describe('JOBBOARD_TEST_SERVERS', () => {
  afterEach(() => {
    vi.unstubAllEnvs()
  })

  it('refuses what it does not know', async () => {
    vi.stubEnv('JOBBOARD_TEST_SERVERS', 'cloud')
    await assert.rejects(startServer({ kind: 'redis' }), /must be local or external, not "cloud"/)
  })

  it('external wants the address of a server', async () => {
    vi.stubEnv('JOBBOARD_TEST_SERVERS', 'external')
    vi.stubEnv('JOBBOARD_TEST_REDIS_URL', undefined)
    await assert.rejects(startServer({ kind: 'redis', shared: true }), /JOBBOARD_TEST_REDIS_URL must be set/)
  })

  it("external leaves somebody else's server alone", async () => {
    vi.stubEnv('JOBBOARD_TEST_SERVERS', 'external')
    vi.stubEnv('JOBBOARD_TEST_REDIS_URL', 'redis://db:6379')
    const server = await startServer({ kind: 'redis', shared: true })
    assert.equal(server.url, 'redis://db:6379')
    await assert.rejects(server.kill(), /not ours to stop/)
    await assert.rejects(startServer({ kind: 'redis' }), /this test stops its redis server/)
  })

  it('local says what to install where a server is missing and cannot be installed', async () => {
    vi.stubEnv('JOBBOARD_TEST_SERVERS', 'local')
    vi.stubEnv('PATH', '/nowhere')
    vi.resetModules()
    const { startServer: fresh } = await import('../src/index.js')
    await assert.rejects(fresh({ kind: 'redis' }), /tests need redis-server.*apt-get install redis-server/s)
  })
})
