import { colours } from '../colours.js'
import { print, printJson } from '../output.js'
import { sessionTtlMs } from './messages.js'
import type { DemoCount } from './tally.js'

/** So many steps at most, and a job is short. */
const shortJob = 3

interface Subject {
  readonly owner: string
  readonly job: string
  readonly token: string
}

/** What happens in the demo, in the order in which it is told. */
export type DemoEvent =
  | { readonly event: 'opened'; readonly board: string; readonly workers: number }
  | { readonly event: 'posted'; readonly jobs: readonly string[]; readonly priority: string }
  | { readonly event: 'ready'; readonly owner: string; readonly pid: number }
  | (Subject & { readonly event: 'claimed'; readonly lostBy?: string; readonly lostToken?: string })
  | (Subject & { readonly event: 'consumed' })
  | (Subject & { readonly event: 'killed' | 'frozen' | 'woken'; readonly pid: number })
  | (Subject & { readonly event: 'step'; readonly step: number; readonly of: number })
  | (Subject & { readonly event: 'resumed'; readonly finished: number; readonly of: number })
  | (Subject & Refusal)
  | (DemoCount & { readonly event: 'counted' })

/** Which side refused matters: the storage knows of the next owner, the late worker's own process only of the time. */
type Refusal =
  | {
      readonly event: 'refused'
      readonly what: 'step'
      readonly by: 'the storage'
      /** The greatest token that the storage has seen for the job. */
      readonly newest: string
    }
  | {
      readonly event: 'refused'
      readonly what: 'consume'
      readonly by: 'its own board object'
      readonly code: string
    }

export type Tell = (event: DemoEvent) => void

/** Tells the demo as JSON lines, with the time of each event. */
export const tellJson: Tell = event => void printJson({ at: new Date().toISOString(), ...event })

/** Tells the demo to people, with the seconds since it began. */
export function tellPeople(): Tell {
  const began = performance.now()
  const paint = painter()
  return event => {
    // The steps of short jobs are too many to read.
    if (event.event === 'step' && event.of <= shortJob) return
    const seconds = ((performance.now() - began) / 1000).toFixed(1).padStart(5)
    const [who, what] = sentence(event, paint)
    void print(who === undefined ? what : `${colours.dim(`${seconds} s`)}  ${who} ${what}`)
  }
}

type Sentence = readonly [who: string | undefined, what: string]
type Paint = (owner: string) => string
type Deed = Extract<DemoEvent, Subject>

function sentence(event: DemoEvent, paint: Paint): Sentence {
  if (event.event === 'opened') return [undefined, opening(event.board, event.workers)]
  if (event.event === 'counted') return [undefined, closing(event)]
  if (event.event === 'posted')
    return [paint('you'), `posted  ${jobsInWords(event.jobs)}, priority ${event.priority}`]
  if (event.event === 'ready') return [paint(event.owner), `looks for work, as process ${event.pid}`]
  return [paint(event.owner), deed(event)]
}

function deed(event: Deed): string {
  const { job, token } = event
  switch (event.event) {
    case 'claimed':
      return `claimed ${column(job)} token ${token}${takeover(event)}`
    case 'consumed':
      return colours.green(`done    ${column(job)} token ${token}`)
    case 'killed':
      return colours.red(`killed  ${column(job)} SIGKILL to process ${event.pid}, in the middle of the job`)
    case 'frozen':
      return colours.yellow(
        `frozen  ${column(job)} SIGSTOP to process ${event.pid}, for longer than its claim lives`,
      )
    case 'woken':
      return colours.yellow(
        `woken   ${column(job)} SIGCONT to process ${event.pid}, which thinks that token ${token} is still good`,
      )
    case 'step':
      return `wrote   ${column(job)} step ${event.step} of ${event.of}`
    case 'resumed':
      return colours.bold(
        `resumes ${column(job)} after step ${event.finished} of ${event.of}, under token ${token}`,
      )
    case 'refused':
      return colours.red(`refused ${column(job)} ${refusal(event)}`)
  }
}

function refusal(event: Deed & { readonly event: 'refused' }): string {
  return event.what === 'step'
    ? `by the storage: a step under token ${event.token}, when it has seen ${event.newest}`
    : `by its own board object, whose clocks say that the claim is over: consume (${event.code})`
}

function opening(board: string, workers: number): string {
  const ttl = `A claim outlives its owner's last sign of life by about ${sessionTtlMs / 1000} s.`
  return `${colours.bold('One board, many workers, every job done once')}\n${workers} processes share ${board}\n${ttl}\n`
}

function jobsInWords(jobs: readonly string[]): string {
  return jobs.length === 1 ? `${jobs[0]}` : `${jobs.length} jobs, ${jobs[0]} to ${jobs.at(-1)}`
}

function takeover({ lostBy, lostToken }: DemoEvent & { readonly event: 'claimed' }): string {
  return lostBy === undefined ? '' : colours.bold(`, takes over from ${lostBy}, whose token was ${lostToken}`)
}

function closing({ posted, completedOnce, board, problems, ...plot }: DemoCount): string {
  const paint = problems.length === 0 ? colours.green : colours.red
  const left = `left on the board: ${board.unclaimed + board.delayed + board.claimed}, in the trash: ${board.trashed}`
  const lines = [
    `${posted} jobs posted, ${completedOnce} completed exactly once; ${left}`,
    `taken over from owners that died or slept: ${plot.takeovers}; refused to the late: ${plot.refusedWrites} by the storage, ${plot.lateEndings} by their own clocks`,
    ...problems.map(problem => `wrong: ${problem}`),
  ]
  return `\n${lines.map(line => paint(colours.bold(line))).join('\n')}`
}

function column(job: string): string {
  return job.padEnd(8)
}

function painter(): Paint {
  const inks = [colours.cyan, colours.magenta, colours.blue, colours.yellow]
  const chosen = new Map<string, (text: string) => string>([['you', colours.bold]])
  return owner => {
    const ink = chosen.get(owner) ?? inks[chosen.size % inks.length] ?? colours.bold
    chosen.set(owner, ink)
    return ink(owner.padEnd(5))
  }
}
