import { testCaught } from './caught.js'
import * as posting from './posting.js'

testCaught(posting)
