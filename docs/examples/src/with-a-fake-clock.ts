import assert from 'node:assert/strict'
import { Jobboard } from '@jobboard/core'
import { FakeClock, MemoryBackend, memory } from '@jobboard/memory'
import { describe, FencedResult } from './takeover.js'

const time = new FakeClock()
const backend = new MemoryBackend(time)
const slowTime = time.client()
await using slow = new Jobboard(memory({ backend }), { owner: 'slow', clock: slowTime })
await using quick = new Jobboard(memory({ backend }), { owner: 'quick', clock: time.client() })
await Promise.all([slow.connect(), quick.connect()])

const job = await quick.post('resize')
const late = await slow.claim(job)
slowTime.freeze() // as if its process were stopped: no renewal leaves it
await time.advance(20_000)

const claim = await quick.claim(job)
console.log(describe(claim))
const result = new FencedResult()
result.write('done', claim)

slowTime.thaw()
await assert.rejects(late.consume(), { code: 'JOBBOARD_CLAIM_LOST' })
assert.throws(() => result.write('done late', late))
await claim.consume()
