import { complain, errorJson } from './errors-out.js'

/** An outage brings the same trouble with every renewal and every look. */
const restMs = 60_000

/** Trouble that a command outlives, told on stderr, and the same trouble not more than once a minute. */
export class Complaints {
  readonly #json: boolean
  readonly #toldAt = new Map<string, number>()

  constructor(json: boolean) {
    this.#json = json
  }

  tell(error: unknown, during?: string): void {
    const now = performance.now()
    for (const [what, at] of this.#toldAt) if (now - at >= restMs) this.#toldAt.delete(what)
    const what = `${during}: ${errorJson(error).message}`
    if (this.#toldAt.has(what)) return
    this.#toldAt.set(what, now)
    complain(error, this.#json, during)
  }
}
