/**
 * What a backend can do beyond the laws that every board keeps.
 *
 * The list is closed and users see it (`board.capabilities`). Declared means tested: the conformance suite runs the
 * cases of each declared capability. What is not declared, core refuses.
 *
 * - `push`: the backend tells of changes by itself; nothing in the driver asks again and again.
 * - `transactional`: a posting or an ending can join a transaction of the caller.
 * - `durable`: what was acknowledged survives the end of every process of the board.
 * - `multiProcess`: processes of one machine share a board.
 * - `multiHost`: processes of several machines share a board.
 * - `clustered`: the backend goes on when one of its servers dies.
 * - `faultTested`: the conformance run stopped, paused and restarted the server; granted by the run alone.
 */
export type Capability = (typeof capabilities)[number]

/** Every capability. */
export const capabilities: readonly [
  'push',
  'transactional',
  'durable',
  'multiProcess',
  'multiHost',
  'clustered',
  'faultTested',
] = ['push', 'transactional', 'durable', 'multiProcess', 'multiHost', 'clustered', 'faultTested']
