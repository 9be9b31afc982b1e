import type { Job, TrashedJob } from '@jobboard/core'
import stringWidth from 'string-width'
import { colours } from './colours.js'
import { print, readerGone } from './output.js'
import { printable, printableLines } from './printable.js'

/** So many rows are held, to find the widths of their columns. */
const blockSize = 1_000

const jobHead = ['ID', 'NAME', 'STATE', 'PRIORITY', 'OWNER', 'ATTEMPTS', 'FAILURES', 'CLAIMABLE FROM']
const trashHead = ['ID', 'NAME', 'OWNER', 'ATTEMPTS', 'TRASHED', 'REASON']

/** Prints jobs for people, in the order in which they come. */
export function printTable(jobs: AsyncIterable<Job>): Promise<void> {
  return printRows(jobHead, jobs, jobRow, 'No jobs.')
}

/** Prints the trash for people, with the first line of each reason. */
export function printTrash(jobs: AsyncIterable<TrashedJob>): Promise<void> {
  return printRows(trashHead, jobs, trashRow, 'The trash is empty.')
}

function jobRow(job: Job): readonly string[] {
  const { id, name, state, priority, owner, attempts, failures, availableAt } = job
  const from = availableAt?.toISOString() ?? '-'
  return [id, name, state, priority, owner ?? '-', `${attempts}`, `${failures}`, from]
}

function trashRow({ id, name, attempts, trashedWith }: TrashedJob): readonly string[] {
  if (trashedWith === undefined) return [id, name, '-', `${attempts}`, '-', '-']
  const { owner, at, reason } = trashedWith
  return [id, name, owner, `${attempts}`, at.toISOString(), reason.split('\n', 1)[0] ?? '']
}

/** Names and values, one pair a line; a value may have several lines. */
export function pairs(rows: readonly (readonly [name: string, value: string])[]): string {
  const indent = Math.max(...rows.map(([name]) => name.length)) + gap.length
  const lines = rows.map(([name, value]) => {
    return name.padEnd(indent) + printableLines(value).replaceAll('\n', `\n${' '.repeat(indent)}`)
  })
  return lines.join('\n')
}

/** One job in one line, for commands that print what they did to it. */
export function jobLine(job: Job): string {
  const later = job.availableAt === undefined ? '' : `  from ${job.availableAt.toISOString()}`
  return printable(`${job.id}  ${job.name}  ${job.state}  ${job.priority}${later}`)
}

const gap = '  '

/** Prints block by block, so that a long board shows its beginning at once. Columns grow on the way, and never shrink. */
async function printRows<J>(
  head: readonly string[],
  jobs: AsyncIterable<J>,
  row: (job: J) => readonly string[],
  none: string,
): Promise<void> {
  const columns = new Columns()
  let block = [head]
  let found = false
  for await (const job of jobs) {
    found = true
    block.push(row(job).map(printable))
    if (block.length < blockSize) continue
    await print(columns.draw(block))
    if (readerGone.aborted) return
    block = []
  }
  if (!found) return print(none)
  if (block.length > 0) await print(columns.draw(block))
}

class Columns {
  readonly #widths: number[] = []
  #drawn = 0

  /** The first row of all is the head. */
  draw(rows: readonly (readonly string[])[]): string {
    for (const row of rows) {
      for (const [i, cell] of row.entries())
        this.#widths[i] = Math.max(this.#widths[i] ?? 0, stringWidth(cell))
    }
    const lines = rows.map(row =>
      row
        .map((cell, i) => pad(cell, this.#widths[i] ?? 0))
        .join(gap)
        .trimEnd(),
    )
    return lines.map(line => (this.#drawn++ === 0 ? colours.bold(line) : line)).join('\n')
  }
}

/** `padEnd` counts UTF-16 units, and a terminal columns. */
function pad(cell: string, width: number): string {
  return cell + ' '.repeat(width - stringWidth(cell))
}
