import { testCaught } from './caught.js'
import * as endings from './endings.js'

testCaught(endings)
