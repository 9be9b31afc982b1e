import { testCaught } from './caught.js'
import * as claimNext from './claim-next.js'

testCaught(claimNext)
