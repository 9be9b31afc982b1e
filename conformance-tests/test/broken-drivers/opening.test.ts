import { testCaught } from './caught.js'
import * as opening from './opening.js'

testCaught(opening)
