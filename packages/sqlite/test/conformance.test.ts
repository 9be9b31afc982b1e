import { conformance } from '@jobboard/conformance-tests/vitest'
import { sqliteHarness } from './harness.js'

await conformance(sqliteHarness())
