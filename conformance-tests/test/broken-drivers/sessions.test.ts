import { testCaught } from './caught.js'
import * as sessions from './sessions.js'

testCaught(sessions)
