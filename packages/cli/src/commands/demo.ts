import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Command } from 'commander'
import { globalOptions, openBoard } from '../board.js'
import { Crew } from '../demo/crew.js'
import { longestMs } from '../demo/messages.js'
import { type Tell, tellJson, tellPeople } from '../demo/narrator.js'
import { Storage } from '../demo/storage.js'
import { play } from '../demo/story.js'
import type { DemoCount } from '../demo/tally.js'
import { endWith } from '../ending.js'
import { UsageError } from '../errors-out.js'
import { exitStatus } from '../exit-codes.js'
import { watchInterrupts } from '../interrupts.js'

export function addDemo(program: Command): void {
  program
    .command('demo')
    .description('watch workers share a board, die and be replaced; takes some fifteen seconds')
    .addHelpText(
      'after',
      '\nThe board is a temporary folder. Exits 0 only if every job was completed exactly once. Workers end with the demo, however' +
        '\nit ends; one that is frozen at that moment ends when it is woken (kill -CONT).',
    )
    .action(demo)
}

async function demo(_flags: unknown, command: Command): Promise<void> {
  if (command.getOptionValueSourceWithGlobals('board') === 'cli') {
    throw new UsageError('demo makes a board of its own; leave --board out')
  }
  using interrupts = watchInterrupts()
  const late = AbortSignal.timeout(longestMs)
  const folder = await mkdtemp(join(tmpdir(), 'jobboard-demo-'))
  const storage = new Storage(join(folder, 'finished-steps.jsonl'))
  const crew = new Crew(storage, AbortSignal.any([late, interrupts.first]))
  try {
    const count = await stage(folder, storage, crew, globalOptions(command).json ? tellJson : tellPeople())
    if (count.problems.length > 0) endWith(exitStatus.failed)
  } catch (error) {
    if (interrupts.status === undefined) throw late.aborted ? tooLate(error) : error
    endWith(interrupts.status)
  } finally {
    await crew.clear()
    await rm(folder, { recursive: true, force: true })
  }
}

async function stage(folder: string, storage: Storage, crew: Crew, tell: Tell): Promise<DemoCount> {
  // As a URL, since a temporary folder may have any name.
  const url = pathToFileURL(join(folder, 'board')).href
  await using board = await openBoard(url)
  return await play({ board, url, storage, crew, tell })
}

function tooLate(cause: unknown): Error {
  return new Error(
    `The demo did not end in ${longestMs / 1000} s; run it again on a machine that has less to do`,
    { cause },
  )
}
