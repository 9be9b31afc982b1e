export { type Clock, systemClock, type Timer } from '../clock.js'
export type { Logger } from '../logger.js'
export {
  booleanOption,
  functionOption,
  numberOption,
  objectOption,
  parseOptions,
  textOption,
} from '../parse-options.js'
export { contentHash } from '../posting.js'
export { type Priority, priorities, priorityRank } from '../priority.js'
export { TransitMap } from '../transit.js'
export { View } from '../view.js'
export { type Capability, capabilities } from './capabilities.js'
export type { DriverDefinition, DriverUrl } from './definition.js'
export type {
  AnnounceOrder,
  BackendFacts,
  ClaimAnswer,
  ClaimGrant,
  ClaimTry,
  ClaimWish,
  Counts,
  CountsQuery,
  DriverEnvironment,
  DriverInfo,
  DriverSink,
  Ending,
  EndingAnswer,
  EntitiesQuery,
  ForceAnswer,
  ForceOrder,
  JobboardDriver,
  JobsAnswer,
  JobsQuery,
  ListQuery,
  LossCause,
  LostHeld,
  NotInTrash,
  Order,
  OrderAnswer,
  PageAnswer,
  PostAnswer,
  PurgeOrder,
  ReadAnswer,
  ReadQuery,
  RenewAnswer,
  Renewal,
  RestoreOrder,
  SessionGrant,
  SessionRef,
  SessionRequest,
  SettleAnswer,
  TrashQuery,
  UnnamedClaim,
  WishAnswer,
} from './driver.js'
export { DriverError, type DriverErrorKind } from './driver-error.js'
export type {
  BookRef,
  ChangeReason,
  Entity,
  JobChange,
  JobHead,
  JobRecord,
  LostClaim,
  MalformedEntry,
  Posting,
  Standing,
} from './records.js'
