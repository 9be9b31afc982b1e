import type { ConformanceCase } from '../case.js'
import * as batches from './batches.js'
import * as claiming from './claiming.js'
import * as claimingCounts from './claiming-counts.js'
import * as claimingForced from './claiming-forced.js'
import * as claimingJoined from './claiming-joined.js'
import * as entities from './entities.js'
import * as expiry from './expiry.js'
import * as expiryClocks from './expiry-clocks.js'
import * as expiryPauses from './expiry-pauses.js'
import * as expiryTold from './expiry-told.js'
import * as faults from './faults.js'
import * as faultsEverywhere from './faults-everywhere.js'
import * as faultsOutcomes from './faults-outcomes.js'
import * as faultsReplies from './faults-replies.js'
import * as fencing from './fencing.js'
import * as fencingTokens from './fencing-tokens.js'
import * as lifecycle from './lifecycle.js'
import * as listing from './listing.js'
import * as listingLarge from './listing-large.js'
import * as posting from './posting.js'
import * as postingAgain from './posting-again.js'
import * as postingInput from './posting-input.js'
import * as races from './races.js'
import * as sessions from './sessions.js'
import * as settling from './settling.js'
import * as settlingReceipts from './settling-receipts.js'
import * as settlingTrash from './settling-trash.js'
import * as settlingWaits from './settling-waits.js'
import * as store from './store.js'
import * as watching from './watching.js'
import * as watchingWaiters from './watching-waiters.js'

/** Every module of cases exports cases and nothing else, so none can be left out here. */
const modules: readonly Readonly<Record<string, ConformanceCase>>[] = [
  posting,
  postingAgain,
  postingInput,
  batches,
  listing,
  listingLarge,
  claiming,
  claimingCounts,
  claimingForced,
  claimingJoined,
  races,
  fencing,
  fencingTokens,
  expiry,
  expiryTold,
  expiryClocks,
  expiryPauses,
  sessions,
  settling,
  settlingTrash,
  settlingReceipts,
  settlingWaits,
  watching,
  watchingWaiters,
  faults,
  faultsOutcomes,
  faultsReplies,
  faultsEverywhere,
  lifecycle,
  entities,
  store,
]

/** What a jobboard driver must pass, in the order in which a reader would ask. */
export const allCases: readonly ConformanceCase[] = modules.flatMap(module => Object.values(module))
