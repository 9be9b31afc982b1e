import { testCaught } from './caught.js'
import * as trash from './trash.js'

testCaught(trash)
