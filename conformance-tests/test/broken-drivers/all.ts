import type { BrokenDriver } from './broken-driver.js'
import * as claimNext from './claim-next.js'
import * as claims from './claims.js'
import * as endings from './endings.js'
import * as joined from './joined.js'
import * as listing from './listing.js'
import * as opening from './opening.js'
import * as posting from './posting.js'
import * as sessions from './sessions.js'
import * as tokens from './tokens.js'
import * as trash from './trash.js'
import * as watching from './watching.js'

/** By the file that they stand in. */
const groups: Readonly<Record<string, Readonly<Record<string, BrokenDriver>>>> = {
  opening,
  posting,
  listing,
  claims,
  'claim-next': claimNext,
  joined,
  tokens,
  sessions,
  endings,
  trash,
  watching,
}

export const groupNames: readonly string[] = Object.keys(groups)

/** Every driver that is broken on purpose. */
export const brokenDrivers: readonly BrokenDriver[] = Object.values(groups).flatMap(group =>
  Object.values(group),
)
