import { testCaught } from './caught.js'
import * as tokens from './tokens.js'

testCaught(tokens)
