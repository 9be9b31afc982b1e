import { InvalidPostingError } from './errors.js'

/** How urgent a job is. Boards hand out the most urgent first, the oldest first inside a priority (LIST-1). */
export type Priority = (typeof priorities)[number]

/** Every priority, most urgent first. */
export const priorities: readonly ['VERY_HIGH', 'HIGH', 'NORMAL', 'LOW', 'VERY_LOW'] = [
  'VERY_HIGH',
  'HIGH',
  'NORMAL',
  'LOW',
  'VERY_LOW',
]

const ranks: ReadonlyMap<string, number> = new Map(priorities.map((priority, rank) => [priority, rank]))

/** The place of a priority in the order of the board: 0 is the most urgent. */
export function priorityRank(priority: Priority): number {
  return ranks.get(priority) as number
}

/**
 * Reads a priority in upper or lower case.
 *
 * @throws InvalidPostingError when it is none of the five; the message lists them.
 */
export function parsePriority(value: unknown): Priority {
  const priority = typeof value === 'string' ? value.toUpperCase() : ''
  if (ranks.has(priority)) return priority as Priority
  throw new InvalidPostingError(
    'priority',
    `${describe(value)} is no priority; use one of ${priorities.join(', ')}`,
  )
}

function describe(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : value === null ? 'null' : `a ${typeof value}`
}
