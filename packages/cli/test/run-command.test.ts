import { expect, test } from 'vitest'
import { type CommandInput, runCommand } from '../src/run-command.js'

const input: CommandInput = { env: {}, stdin: 'text', stdout: 'stderr', stopOn: [] }

test('a command that the system refuses to start is told from one that failed', async () => {
  const env = { TOO_BIG: 'x'.repeat(4_000_000) }
  expect(await runCommand('true', { ...input, env })).toMatchObject({
    kind: 'unstartable',
    error: { code: 'E2BIG' },
  })
})

test('a command is not started at all when it is to stop already', async () => {
  expect(await runCommand('exit 3', { ...input, stopOn: [AbortSignal.abort()] })).toEqual({ kind: 'stopped' })
})

test('somebody who left the process group and holds stderr open does not keep the command from ending', async () => {
  const leave = `require('node:child_process').spawn('sleep', ['3'], { detached: true, stdio: ['ignore', 'ignore', 2] }).unref()`
  const end = await runCommand(`"${process.execPath}" -e "${leave}"; exit 3`, input)
  expect(end).toMatchObject({ kind: 'exited', status: 3 })
})
