import { conformance } from '@jobboard/conformance-tests/vitest'
import { redisHarness } from './harness.js'

await conformance(redisHarness())
