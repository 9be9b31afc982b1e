import { testCaught } from './caught.js'
import * as claims from './claims.js'

testCaught(claims)
