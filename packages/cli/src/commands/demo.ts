import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { globalOptions, openBoard } from '../board.js'
import { Crew } from '../demo/crew.js'
import { type Tell, tellJson, tellPeople } from '../demo/narrator.js'
import { play } from '../demo/story.js'
import type { DemoCount } from '../demo/tally.js'
import { UsageError } from '../errors-out.js'
import { watchInterrupts } from '../interrupts.js'

/** It takes about half of that; more means that something is wrong. */
const longestMs = 60_000

export function addDemo(program: Command): void {
  program
    .command('demo')
    .description('watch workers share a board, die and be replaced; takes some ten seconds')
    .addHelpText(
      'after',
      '\nThe board is a temporary folder. Exits 0 only if every job was completed exactly once.',
    )
    .action(demo)
}

async function demo(_flags: unknown, command: Command): Promise<void> {
  if (command.getOptionValueSourceWithGlobals('board') === 'cli') {
    throw new UsageError('demo makes a board of its own; leave --board out')
  }
  using interrupts = watchInterrupts()
  const late = AbortSignal.timeout(longestMs)
  const crew = new Crew(AbortSignal.any([late, interrupts.first]))
  const folder = await mkdtemp(join(tmpdir(), 'jobboard-demo-'))
  try {
    const count = await stage(folder, crew, globalOptions(command).json ? tellJson : tellPeople())
    process.exitCode = count.problems.length === 0 ? 0 : 1
  } catch (error) {
    if (interrupts.status === undefined) throw late.aborted ? tooLate(error) : error
    process.exitCode = interrupts.status
  } finally {
    await crew.clear()
    await rm(folder, { recursive: true, force: true })
  }
}

async function stage(folder: string, crew: Crew, tell: Tell): Promise<DemoCount> {
  const url = `file:${join(folder, 'board')}`
  const log = join(folder, 'finished.jsonl')
  await writeFile(log, '')
  await using board = await openBoard(url)
  return await play({ board, url, log, crew, tell })
}

function tooLate(cause: unknown): Error {
  return new Error(
    `The demo did not end in ${longestMs / 1000} s; run it again on a machine that has less to do`,
    { cause },
  )
}
