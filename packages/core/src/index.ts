import 'reflect-metadata'

export type { ForceOptions } from './administering.js'
export { redactUrl } from './board-url.js'
export type { ClaimNextOptions, EntityOptions, IterOptions, WaitForJobOptions } from './call-options.js'
export { type AbandonOptions, Claim, type ClaimState, type TrashOptions } from './claim.js'
export type { ClaimsOptions } from './claims-loop.js'
export { type Clock, systemClock, type Timer } from './clock.js'
export { tokens } from './container.js'
export type { Capability } from './driver/capabilities.js'
export type { DriverDefinition } from './driver/definition.js'
export type { Counts, JobboardDriver } from './driver/driver.js'
export type { BookRef, ChangeReason, Entity, MalformedEntry } from './driver/records.js'
export {
  AlreadyClaimedError,
  AuthenticationError,
  BoardClosedError,
  ClaimChangedError,
  ClaimLostError,
  ClaimNotHeldError,
  ClaimSettledError,
  DriverDefectError,
  DriverNotFoundError,
  FlowAmbiguousError,
  FlowNotFoundError,
  IncompatibleBackendError,
  InvalidArgumentError,
  InvalidOptionsError,
  InvalidPostingError,
  InvalidStoreError,
  JobboardError,
  type JobboardErrorCode,
  JobNotFoundError,
  LimitExceededError,
  type LossReason,
  NotAvailableYetError,
  NotConnectedError,
  OutcomeUnknownError,
  OverloadedError,
  PermissionDeniedError,
  PostingConflictError,
  UnavailableError,
} from './errors.js'
export type { JobboardEventName, JobboardEvents, JobEvent } from './events.js'
export { Job, type LostOwner, TrashedJob, type Trashing, type WaitOptions, type WaitOutcome } from './job.js'
export { Jobboard } from './jobboard.js'
export { type Logger, silentLogger } from './logger.js'
export type { JobboardOptions } from './options.js'
export type { FlowDetail, LogBook, Store } from './persistence/models.js'
export type { PostOptions } from './posting.js'
export { type Priority, parsePriority, priorities } from './priority.js'
export { type BoardConfig, type FetchOptions, fetchBoard } from './registry.js'
export type { JobState } from './states.js'
export { chooseFlowDetail, flowStore, mergeStores } from './store.js'
