import type { JobboardErrorCode } from '@jobboard/core'

/** The exit statuses of `jobboard`. Programs rely on them. */
export const exitStatus = {
  done: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  notYours: 4,
  unreachable: 5,
  claimLost: 6,
  outcomeUnknown: 7,
} as const

/** Spelt out for every code, so that a new one does not compile before somebody has thought about it. */
const statusOfCode: Readonly<Record<JobboardErrorCode, number>> = {
  JOBBOARD_INVALID_OPTIONS: exitStatus.usage,
  JOBBOARD_INVALID_ARGUMENT: exitStatus.usage,
  JOBBOARD_INVALID_POSTING: exitStatus.usage,
  JOBBOARD_DRIVER_NOT_FOUND: exitStatus.usage,
  JOBBOARD_AUTHENTICATION_FAILED: exitStatus.usage,
  JOBBOARD_PERMISSION_DENIED: exitStatus.usage,
  JOBBOARD_INCOMPATIBLE_BACKEND: exitStatus.usage,
  JOBBOARD_JOB_NOT_FOUND: exitStatus.notFound,
  JOBBOARD_ALREADY_CLAIMED: exitStatus.notYours,
  JOBBOARD_NOT_AVAILABLE_YET: exitStatus.notYours,
  JOBBOARD_CLAIM_NOT_HELD: exitStatus.notYours,
  JOBBOARD_CLAIM_CHANGED: exitStatus.notYours,
  JOBBOARD_UNAVAILABLE: exitStatus.unreachable,
  JOBBOARD_CLAIM_LOST: exitStatus.claimLost,
  JOBBOARD_OUTCOME_UNKNOWN: exitStatus.outcomeUnknown,
  JOBBOARD_POSTING_CONFLICT: exitStatus.failed,
  JOBBOARD_CLAIM_SETTLED: exitStatus.failed,
  JOBBOARD_OVERLOADED: exitStatus.failed,
  JOBBOARD_LIMIT_EXCEEDED: exitStatus.failed,
  JOBBOARD_NOT_CONNECTED: exitStatus.failed,
  JOBBOARD_CLOSED: exitStatus.failed,
  JOBBOARD_DRIVER_DEFECT: exitStatus.failed,
  JOBBOARD_INVALID_STORE: exitStatus.failed,
  JOBBOARD_FLOW_NOT_FOUND: exitStatus.failed,
  JOBBOARD_FLOW_AMBIGUOUS: exitStatus.failed,
}

/** The exit status that an error of a board stands for. */
export function statusOf(code: JobboardErrorCode): number {
  return statusOfCode[code]
}
