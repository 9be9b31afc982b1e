import {
  type JobHead,
  type JobRecord,
  type LostClaim,
  type Posting,
  priorities,
  priorityRank,
  type Standing,
} from '@jobboard/core/driver'

/** A job and where it stands. The posting never changes; the rest is what the board says of it. */
export interface Row {
  readonly posting: Posting
  readonly createdOn: number
  /** The place in the order of posting. A restore makes a new row. */
  readonly order: bigint
  /** False once the job was consumed or trashed. */
  onBoard: boolean
  attempts: number
  failures: number
  losses: number
  // Undefined rather than absent, so that rows keep one shape: engines are slow with objects that lose members.
  lostBy: LostClaim | undefined
  /** Whose unfinished work the next claim continues. */
  previous: LostClaim | undefined
  /** The token of the last claim that was forced to end. */
  forcedToken: bigint | undefined
  availableAt: number | undefined
  claim: HeldClaim | undefined
  trash: Extract<Standing, { readonly state: 'TRASHED' }> | undefined
}

export interface HeldClaim {
  readonly id: string
  readonly sessionId: string
  readonly owner: string
  readonly token: bigint
  /** Set when the claim took over: who lost the job before. */
  readonly previous: LostClaim | undefined
}

/** A job that was posted or restored just now. */
export function newRow(
  posting: Posting,
  createdOn: number,
  order: bigint,
  availableAt: number | undefined,
): Row {
  return {
    posting,
    createdOn,
    order,
    onBoard: true,
    attempts: 0,
    failures: 0,
    losses: 0,
    lostBy: undefined,
    previous: undefined,
    forcedToken: undefined,
    availableAt,
    claim: undefined,
    trash: undefined,
  }
}

export function headOf({ posting, order, availableAt }: Row): JobHead {
  const { id, name, priority } = posting
  const head = { id, name, priority, order }
  return availableAt === undefined ? head : { ...head, availableAt }
}

export function recordOf(row: Row, now: number): JobRecord {
  const { id, name, priority, details, book } = row.posting
  const { createdOn, order, attempts, failures, losses, lostBy, claim, previous } = row
  const record = {
    id,
    name,
    priority,
    details,
    createdOn,
    order,
    attempts,
    failures,
    losses,
    takeover: (claim === undefined ? previous : claim.previous) !== undefined,
    standing: standingOf(row, now),
  }
  // Most jobs have neither, and spreading takes longer than all the rest.
  if (book === undefined && lostBy === undefined) return record
  return { ...record, ...(book && { book }), ...(lostBy && { lostBy }) }
}

export function isDelayed({ availableAt }: Row, now: number): boolean {
  return availableAt !== undefined && availableAt > now
}

function standingOf(row: Row, now: number): Standing {
  if (row.trash !== undefined) return row.trash
  if (row.claim !== undefined) return { state: 'CLAIMED', owner: row.claim.owner, token: row.claim.token }
  return isDelayed(row, now)
    ? { state: 'UNCLAIMED', availableAt: row.availableAt as number }
    : { state: 'UNCLAIMED' }
}

/** The jobs of a board in LIST-1 order: one list per priority, each in the order of posting. */
export class Ordered {
  #lists: Row[][] = priorities.map(() => [])
  #rows = 0
  #gone = 0

  /** Orders only grow, so the end of its list is the right place for a new row. */
  add(row: Row): void {
    this.#lists[priorityRank(row.posting.priority)]?.push(row)
    this.#rows += 1
  }

  /** A row left the board. It is skipped from now on, and dropped once half of all have gone. */
  gone(): void {
    this.#gone += 1
    if (this.#gone < 100 || this.#gone * 2 < this.#rows) return
    this.#lists = this.#lists.map(list => list.filter(row => row.onBoard))
    this.#rows -= this.#gone
    this.#gone = 0
  }

  /** Rows behind a place, in order. */
  *after(rank: number, order: bigint): Generator<Row> {
    for (const [r, list] of this.#lists.entries()) {
      if (r < rank) continue
      for (let i = r === rank ? firstAbove(list, order) : 0; i < list.length; i++) {
        const row = list[i] as Row
        if (row.onBoard) yield row
      }
    }
  }
}

function firstAbove(list: readonly Row[], order: bigint): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((list[middle] as Row).order <= order) low = middle + 1
    else high = middle
  }
  return low
}
