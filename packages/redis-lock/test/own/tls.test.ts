import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it, onTestFinished } from 'vitest'
import { openBoard, ownServer, posting } from './open-board.js'

/** A certificate for localhost that nobody trusts but who is told to, made with the openssl command. */
function certificate(): { readonly cert: string; readonly key: string } {
  const dir = mkdtempSync(join(tmpdir(), 'jobboard-redis-tls-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  const [cert, key] = [join(dir, 'cert.pem'), join(dir, 'key.pem')]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '1']
  const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, ...subject]
  execFileSync('openssl', made, { stdio: 'ignore' })
  return { cert, key }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

it('TLS works with a certificate that is trusted, and one that is not is told apart from an outage', async () => {
  const { cert, key } = certificate()
  const port = await freePort()
  const files = { 'tls-cert-file': cert, 'tls-key-file': key, 'tls-ca-cert-file': cert }
  await ownServer({ 'tls-port': String(port), 'tls-auth-clients': 'no', ...files })
  const url = `rediss://localhost:${port}`
  const { driver } = await openBoard({ url, tls: { ca: readFileSync(cert) } })
  await driver.post([posting()])
  for (let round = 0; round < 25; round++) {
    await assert.rejects(openBoard({ url }), { kind: 'unauthenticated', message: /check the certificates/ })
  }
})
