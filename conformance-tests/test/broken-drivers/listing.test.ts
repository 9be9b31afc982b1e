import { testCaught } from './caught.js'
import * as listing from './listing.js'

testCaught(listing)
