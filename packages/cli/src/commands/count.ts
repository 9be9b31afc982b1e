import type { Command } from 'commander'
import { globalOptions, withBoard } from '../board.js'
import { print, printJson } from '../output.js'
import { pairs } from '../tables.js'

export function addCount(program: Command): void {
  program.command('count').description('count jobs: unclaimed, delayed, claimed, trashed').action(count)
}

async function count(_flags: unknown, command: Command): Promise<void> {
  await withBoard(command, async board => {
    const { unclaimed, delayed, claimed, trashed } = await board.count()
    const counts = { unclaimed, delayed, claimed, trashed }
    const rows = Object.entries(counts).map(([name, value]) => [name, `${value}`] as const)
    await (globalOptions(command).json ? printJson(counts) : print(pairs(rows)))
  })
}
