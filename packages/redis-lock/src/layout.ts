/** The keys of a board: TaskFlow's, and our own, all of which begin with `NAME:` and have `.x` in their names. */
export interface Layout {
  /** Every key that each script may use, in the order that the scripts know; the rest is derived from the first. */
  readonly keys: readonly string[]
  readonly listings: string
  readonly trash: string
  readonly sequence: string
  /** Ids of the jobs that the hints know. */
  readonly all: string
  readonly bin: string
  readonly bad: string
  /** Channel of changes. */
  readonly events: string
}

export function layoutOf(board: string): Layout {
  const own = `${board}:.x`
  const [listings, sequence, trash] = [`${board}:listings`, `${board}:sequence`, `${board}:trash`]
  const [all, bin, bad] = [`${own}:all`, `${own}:trash`, `${own}:bad`]
  const claimable = [`${own}:ready`, `${own}:held`, `${own}:due`]
  return {
    keys: [own, listings, sequence, trash, all, ...claimable, `${own}:sessions`, bin, bad, `${own}:entities`],
    listings,
    trash,
    sequence,
    all,
    bin,
    bad,
    events: `${own}:events`,
  }
}

/** The keys of one job. */
export function jobKeys(board: string, id: string): readonly string[] {
  return [`${board}:${id}.owned`, `${board}:${id}.last_modified`, `${board}:${id}.x`]
}

/** Scores of sorted sets: the priority's rank, then the order of posting. */
export const ordersPerRank: bigint = 2n ** 50n
