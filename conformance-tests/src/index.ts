export type { ConformanceCase } from './case.js'
export { allCases } from './cases/index.js'
export { checkHistory, type FinalJob, type FinalState, type HistoryProblem } from './check-history.js'
export type { Harness, Json, Space, TurnedTime } from './harness.js'
export { type HarnessSource, readyHarness } from './harness-source.js'
export {
  type Answered,
  formatHistory,
  History,
  historyNow,
  type Operation,
  type OperationKind,
  parseHistory,
} from './history.js'
export type { Timing } from './history-model.js'
export { type DriverCall, type DriverMember, type Interceptor, intercept } from './intercept.js'
export { type Law, lawSummaries, laws, lawsToCome, lawsWithoutCase } from './laws.js'
export {
  type Fault,
  type FaultKind,
  type FaultMember,
  Faults,
  type LossyDriver,
  lossy,
} from './lossy-driver.js'
export { Random } from './random.js'
export { type CaseReport, type CaseResult, type Level, type Report, renderReport } from './report.js'
export { HistoryError, runSuite, Suite, type SuiteOptions } from './run.js'
export type {
  AbandonView,
  ClaimsRun,
  Client,
  ClientClaim,
  ClientOptions,
  EventView,
  JobView,
  PostView,
  TrashView,
  World,
} from './world.js'
