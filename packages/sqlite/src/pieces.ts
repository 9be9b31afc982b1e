import { DriverError } from '@jobboard/core/driver'
import type { Body } from './board.js'
import { turn } from './transaction.js'

/** So many characters of details are moved at a stretch: more would hold the lock, and the event loop, for too long. */
export const pieceSize = 2_000_000

/**
 * Does something for each entry: in one transaction, or in several where the details are large. Each entry is in one
 * of them as a whole, and the event loop turns between them.
 */
export async function inPieces<E, A>(
  entries: readonly E[],
  transact: <T>(body: Body<T>) => Promise<T>,
  begin: (now: number) => (entry: E) => A,
  sizeOf: (answer: A, entry: E) => number,
): Promise<readonly A[]> {
  const answers: A[] = []
  while (answers.length < entries.length) {
    if (answers.length > 0) await turn()
    try {
      answers.push(...(await transact(now => piece(entries, answers.length, begin(now), sizeOf))))
    } catch (error) {
      throw answers.length === 0 ? error : partlyDone(error)
    }
  }
  return answers
}

function piece<E, A>(
  entries: readonly E[],
  from: number,
  step: (entry: E) => A,
  sizeOf: (answer: A, entry: E) => number,
): readonly A[] {
  const answers: A[] = []
  let size = 0
  for (const entry of entries.slice(from)) {
    if (size >= pieceSize) break
    const answer = step(entry)
    size += sizeOf(answer, entry)
    answers.push(answer)
  }
  return answers
}

/** After a limit core sends each entry again by itself, and those that are done are answered so; what else fails is in doubt. */
function partlyDone(error: unknown): unknown {
  if (!(error instanceof DriverError) || error.kind === 'limit') return error
  return new DriverError(error.kind, error.message, { cause: error, done: 'maybe' })
}
