import type { Job, TrashedJob } from '@jobboard/core'
import Table from 'cli-table3'
import { colours } from './colours.js'

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

/** The trash for people. */
export function trashTable(jobs: readonly TrashedJob[]): string {
  return table(['ID', 'NAME', 'OWNER', 'ATTEMPTS', 'TRASHED', 'REASON'], jobs.map(trashRow))
}

function trashRow({ id, name, attempts, trashedWith }: TrashedJob): string[] {
  return [
    id,
    name,
    trashedWith?.owner ?? '-',
    `${attempts}`,
    trashedWith?.at.toISOString() ?? '-',
    trashedWith?.reason ?? '-',
  ]
}

/** Names and values, one pair a line. */
export function pairs(rows: readonly (readonly [name: string, value: string])[]): string {
  return table(
    [],
    rows.map(([name, value]) => [name, value]),
    false,
  )
}

/** One job in one line, for commands that print what they did to it. */
export function jobLine(job: Job): string {
  const later = job.availableAt === undefined ? '' : `  from ${job.availableAt.toISOString()}`
  return `${job.id}  ${printable(job.name)}  ${job.state}  ${job.priority}${later}`
}

/** What producers wrote must not steer the terminal of whoever looks at it: control characters are shown as escapes. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, character =>
    JSON.stringify(character)
      .slice(1, -1)
      .replace(/^[^\\]$/u, escaped),
  )
}

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
}

function table(head: readonly string[], rows: readonly string[][], headed = true): string {
  const drawn = new Table({
    ...(headed ? { head: head.map(title => colours.bold(title)) } : {}),
    chars: noLines,
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 2 },
  })
  drawn.push(...rows.map(row => row.map(printable)))
  return drawn.toString().replace(/[ ]+$/gm, '')
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
