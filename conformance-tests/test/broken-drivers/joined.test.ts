import { testCaught } from './caught.js'
import * as joined from './joined.js'

testCaught(joined)
