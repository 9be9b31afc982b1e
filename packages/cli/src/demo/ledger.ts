import type { Heard } from './crew.js'
import type { StorageAnswer } from './messages.js'
import type { Tell } from './narrator.js'

/** A claim on a job whose owner before had not ended theirs. */
export interface Takeover {
  readonly job: string
  readonly token: bigint
  readonly before: bigint
}

/** What was seen of the workers, to be compared afterwards with what the board and the storage say. */
export class Ledger {
  /** How many steps each posted job has. */
  readonly posted: Map<string, number> = new Map()
  /** Names of jobs whose consume the board acknowledged, once for each time. */
  readonly consumed: string[] = []
  readonly takeovers: Takeover[] = []
  /** Steps that the storage refused. */
  refusedWrites: number = 0
  /** Codes of the errors that late endings got. */
  readonly lateEndings: string[] = []
  readonly #tokens = new Map<string, bigint>()

  /** Writes down what a worker says, and tells of it. */
  follow(heard: Heard, tell: Tell): void {
    const { owner, pid } = heard.worker
    if (heard.event === 'ready') tell({ event: 'ready', owner, pid })
    else this.#followJob(heard, tell)
  }

  #followJob(heard: Exclude<Heard, { readonly event: 'ready' }>, tell: Tell): void {
    const { event, job, token } = heard
    const { owner } = heard.worker
    if (event === 'claimed') this.#claimed(heard, tell)
    else if (event === 'begin' || event === 'step') this.#asked(heard, heard.answer, tell)
    else if (event === 'consumed') {
      this.consumed.push(job)
      tell({ event, owner, job, token })
    } else {
      this.lateEndings.push(heard.code)
      tell({
        event: 'refused',
        what: 'consume',
        by: 'its own board object',
        owner,
        job,
        token,
        code: heard.code,
      })
    }
  }

  #claimed({ worker, job, token, lostBy }: Heard & { readonly event: 'claimed' }, tell: Tell): void {
    const before = this.#tokens.get(job)
    this.#tokens.set(job, BigInt(token))
    const lost = lostBy === undefined ? {} : { lostBy, lostToken: `${before}` }
    if (lostBy !== undefined && before !== undefined)
      this.takeovers.push({ job, token: BigInt(token), before })
    tell({ event: 'claimed', owner: worker.owner, job, token, ...lost })
  }

  #asked(
    heard: Heard & { readonly event: 'begin' | 'step' },
    answer: StorageAnswer | undefined,
    tell: Tell,
  ): void {
    const { job, token, of } = heard
    const subject = { owner: heard.worker.owner, job, token }
    if (answer?.accepted === false) {
      this.refusedWrites++
      tell({ event: 'refused', what: 'step', by: 'the storage', ...subject, newest: answer.newest })
    } else if (heard.event === 'step') tell({ event: 'step', ...subject, step: heard.step, of })
    else if (answer !== undefined && answer.finished > 0)
      tell({ event: 'resumed', ...subject, finished: answer.finished, of })
  }
}
