import type { Capability } from '@jobboard/core/driver'
import type { Law } from './laws.js'
import type { World } from './world.js'

/** One thing that a law promises, as a value: it can be listed, selected, reported and cited. */
export interface ConformanceCase {
  /** `file/short-name`, for example `fencing/late-consume`. Stable. */
  readonly id: string
  readonly law: Law
  /** A sentence that says what is promised, lower case. */
  readonly title: string
  /** Capabilities without which the case cannot be run. A driver that declares them must pass it. */
  readonly needs: readonly Capability[]
  /** Throws when the promise is broken. */
  run(world: World): Promise<void>
}
