import type { Job, TrashedJob } from '@jobboard/core'
import Table from 'cli-table3'
import { colours } from './colours.js'
import { printable, printableLines } from './printable.js'

/** Jobs for people. Rows keep their order. */
export function jobTable(jobs: readonly Job[]): string {
  const head = ['ID', 'NAME', 'STATE', 'PRIORITY', 'OWNER', 'ATTEMPTS', 'FAILURES', 'CLAIMABLE FROM']
  return table(head, jobs.map(jobRow))
}

function jobRow(job: Job): string[] {
  const { id, name, state, priority, owner, attempts, failures, availableAt } = job
  return [
    id,
    name,
    state,
    priority,
    owner ?? '-',
    `${attempts}`,
    `${failures}`,
    availableAt?.toISOString() ?? '-',
  ]
}

/** The trash for people, with the first line of each reason. */
export function trashTable(jobs: readonly TrashedJob[]): string {
  return table(['ID', 'NAME', 'OWNER', 'ATTEMPTS', 'TRASHED', 'REASON'], jobs.map(trashRow))
}

function trashRow({ id, name, attempts, trashedWith }: TrashedJob): string[] {
  if (trashedWith === undefined) return [id, name, '-', `${attempts}`, '-', '-']
  const { owner, at, reason } = trashedWith
  return [id, name, owner, `${attempts}`, at.toISOString(), reason.split('\n', 1)[0] ?? '']
}

/** Names and values, one pair a line; a value may have several lines. */
export function pairs(rows: readonly (readonly [name: string, value: string])[]): string {
  return draw(rows.map(([name, value]) => [name, printableLines(value)]))
}

/** One job in one line, for commands that print what they did to it. */
export function jobLine(job: Job): string {
  const later = job.availableAt === undefined ? '' : `  from ${job.availableAt.toISOString()}`
  return printable(`${job.id}  ${job.name}  ${job.state}  ${job.priority}${later}`)
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return draw([head.map(title => colours.bold(title)), ...rows.map(row => row.map(printable))])
}

function draw(rows: readonly (readonly string[])[]): string {
  const drawn = new Table({
    chars: noLines,
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 2 },
  })
  drawn.push(...rows.map(row => [...row]))
  return drawn.toString().replace(/ +$/gm, '')
}

const noLines = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '',
} as const
