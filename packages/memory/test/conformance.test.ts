import { conformance } from '@jobboard/conformance-tests/vitest'
import { memoryHarness } from './harness.js'

conformance(memoryHarness('memory'))
conformance(memoryHarness('memory, where core chooses', { claimNext: false }))
