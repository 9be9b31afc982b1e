import { testCaught } from './caught.js'
import * as watching from './watching.js'

testCaught(watching)
