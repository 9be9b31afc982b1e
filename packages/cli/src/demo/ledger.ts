import type { Heard } from './crew.js'
import type { Tell } from './narrator.js'

/** A claim on a job whose owner before had not ended theirs. */
export interface Takeover {
  readonly job: string
  readonly token: bigint
  readonly before: bigint
}

/** What was seen of the workers, to be compared afterwards with what the board and their log say. */
export class Ledger {
  /** Names of all jobs posted. */
  readonly posted: string[] = []
  /** Names of jobs whose consume the board acknowledged, once for each time. */
  readonly consumed: string[] = []
  readonly takeovers: Takeover[] = []
  /** Codes of the errors that stale workers got. */
  readonly refusals: string[] = []
  readonly #tokens = new Map<string, bigint>()

  /** Writes down what a worker says, and tells of it. */
  follow(heard: Heard, tell: Tell): void {
    const { worker, event } = heard
    const { owner, pid } = worker
    if (event === 'ready') tell({ event, owner, pid })
    else if (event === 'claimed') this.#claimed(heard, tell)
    else if (event === 'consumed') {
      this.consumed.push(heard.job)
      tell({ event, owner, job: heard.job, token: heard.token })
    } else if (event === 'refused') {
      this.refusals.push(heard.code)
      tell({ event, owner, job: heard.job, token: heard.token, code: heard.code })
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
}
