import type { Jobboard, Priority } from '@jobboard/core'
import type { Crew, Heard } from './crew.js'
import { Ledger } from './ledger.js'
import type { Effort } from './messages.js'
import type { Tell } from './narrator.js'
import type { Storage } from './storage.js'
import { type DemoCount, tally } from './tally.js'

/** Where the story is set. */
export interface Stage {
  readonly board: Jobboard
  readonly url: string
  readonly storage: Storage
  readonly crew: Crew
  readonly tell: Tell
}

const owners = ['ada', 'ben', 'cleo', 'dan'] as const
const photos = Array.from({ length: 24 }, (_, index) => `photo-${String(index + 1).padStart(2, '0')}`)

/** Long enough to strike in the middle of it, also on a slow machine. */
const longWork: Effort = { steps: 8, stepMs: 500 }
const shortWork: Effort = { steps: 3, stepMs: 200 }

/** Posts jobs, kills one worker, freezes another until it is too late, and counts. */
export async function play(stage: Stage): Promise<DemoCount> {
  const { board, url, storage, crew, tell } = stage
  const ledger = new Ledger()
  crew.onHeard(heard => ledger.follow(heard, tell))
  tell({ event: 'opened', board: url, workers: owners.length })
  await post(stage, ledger, ['film'], 'HIGH', longWork)
  await post(stage, ledger, photos, 'NORMAL', shortWork)
  const inTheMiddle = halfway(crew, 'film')
  for (const owner of owners) crew.start(owner, url)
  await kill(stage, await inTheMiddle)
  const nextInTheMiddle = halfway(crew, 'trailer')
  await post(stage, ledger, ['trailer'], 'VERY_HIGH', longWork)
  await freeze(stage, await nextInTheMiddle)
  while ([...ledger.posted.keys()].some(job => !ledger.consumed.includes(job)))
    await crew.hear(({ event }) => event === 'consumed')
  await crew.dismiss()
  const count = await tally(board, storage, ledger)
  tell({ event: 'counted', ...count })
  return count
}

async function post(
  { board, tell }: Stage,
  ledger: Ledger,
  names: readonly string[],
  priority: Priority,
  work: Effort,
): Promise<void> {
  await Promise.all(names.map(name => board.post(name, { priority, details: { ...work } })))
  for (const name of names) ledger.posted.set(name, work.steps)
  tell({ event: 'posted', jobs: names, priority })
}

/** An owner dies in the middle of a job; somebody else takes it over. */
async function kill({ crew, tell }: Stage, { worker, job, token }: Step): Promise<void> {
  const takenOver = nextOwner(crew, job)
  worker.signal('SIGKILL')
  tell({ event: 'killed', owner: worker.owner, pid: worker.pid, job, token })
  await takenOver
}

/** An owner stands still until its job has gone to another, then wakes up, writes its next step and wants to end the job. */
async function freeze({ crew, tell }: Stage, { worker, job, token }: Step): Promise<void> {
  const takenOver = nextOwner(crew, job)
  worker.signal('SIGSTOP')
  tell({ event: 'frozen', owner: worker.owner, pid: worker.pid, job, token })
  await takenOver
  const answered = crew.hear(
    heard => heard.worker === worker && (heard.event === 'too late' || heard.event === 'consumed'),
  )
  tell({ event: 'woken', owner: worker.owner, pid: worker.pid, job, token })
  worker.signal('SIGCONT')
  await answered
}

type Step = Heard & { readonly event: 'step' }

function halfway(crew: Crew, job: string): Promise<Step> {
  return crew.hear((heard): heard is Step => heard.event === 'step' && heard.job === job && heard.step === 3)
}

/** Resolves when the storage knows the next owner, and refuses the one before. */
function nextOwner(crew: Crew, job: string): Promise<Heard> {
  return crew.hear(heard => heard.event === 'begin' && heard.job === job)
}
