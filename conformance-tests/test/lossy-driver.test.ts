import { silentLogger } from '@jobboard/core'
import { contentHash, type JobboardDriver, type Posting, systemClock } from '@jobboard/core/driver'
import { memory } from '@jobboard/memory'
import { afterEach, expect, test } from 'vitest'
import { type Fault, type LossyDriver, lossy } from '../src/lossy-driver.js'

interface Opened {
  readonly driver: LossyDriver
  /** What reached the driver underneath, in order. */
  readonly reached: string[]
  readonly pushed: string[]
}

const opened: LossyDriver[] = []
afterEach(() => Promise.all(opened.splice(0).map(driver => driver.close())))

const lostMaybe = { name: 'DriverError', kind: 'unavailable', done: 'maybe' }

async function open(...faults: Fault[]): Promise<Opened> {
  const reached: string[] = []
  const driver = lossy(overheard(memory(), reached), faults)
  const pushed: string[] = []
  const sink = {
    changed: (changes: readonly { change: string }[]) =>
      void pushed.push(...changes.map(({ change }) => change)),
    gap: () => void pushed.push('gap'),
    doubt: () => {},
    malformed: () => {},
    trouble: () => {},
  }
  await driver.open(sink, {
    ...{ label: 'test', clock: systemClock, logger: silentLogger, newId: () => crypto.randomUUID() },
    ...{ callTimeoutMs: 1_000, rememberMs: 60_000, refreshMs: 30_000 },
  })
  opened.push(driver)
  return { driver, reached, pushed }
}

/** The driver, noting each call that reaches it. */
function overheard(driver: JobboardDriver, reached: string[]): JobboardDriver {
  return new Proxy(driver, {
    get(target, member) {
      const value: unknown = Reflect.get(target, member)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        reached.push(String(member))
        return value.apply(target, args)
      }
    },
  })
}

function posting(id: string): Posting {
  const content = { name: 'job', priority: 'NORMAL', details: '{}' } as const
  return { id, delayMs: 0, ...content, hash: contentHash(content) }
}

/** Whether the job is on the board, whatever strikes `post`. */
async function isThere({ driver }: Opened, id: string): Promise<boolean> {
  const { found } = await driver.read({ kind: 'jobs', ids: [id] })
  return found[0] !== 'absent'
}

async function claimed({
  driver,
}: Opened): Promise<{ session: { id: string }; claimId: string; token: bigint }> {
  await driver.post([posting('job')])
  const { session } = await driver.startSession({ id: 'session', ttlMs: 10_000 })
  const [answer] = await driver.claim(session, [{ jobId: 'job', claimId: 'claim', owner: 'me' }])
  if (answer?.kind !== 'claimed') throw new Error('not claimed')
  return { session, claimId: answer.claimId, token: answer.token }
}

test('without faults every call passes', async () => {
  const board = await open()
  expect(await board.driver.post([posting('a')])).toMatchObject([{ kind: 'posted' }])
  expect(board.driver.info.name).toBe('memory')
})

test('it can choose exactly when its driver can', () => {
  expect(lossy(memory()).claimNext).toBeTypeOf('function')
  expect(lossy(memory({ claimNext: false })).claimNext).toBeUndefined()
})

test('a lost reply: it is done, and its caller is told that it may be', async () => {
  const board = await open({ member: 'post', kind: 'lostReply' })
  await expect(board.driver.post([posting('a')])).rejects.toMatchObject(lostMaybe)
  expect(await isThere(board, 'a')).toBe(true)
})

test('a lost request: it is not done, and its caller cannot tell it from a lost reply', async () => {
  const board = await open({ member: 'post', kind: 'lostRequest' })
  await expect(board.driver.post([posting('a')])).rejects.toMatchObject(lostMaybe)
  expect(await isThere(board, 'a')).toBe(false)
})

test('a late arrival is done after so many further calls', async () => {
  const board = await open({ member: 'post', kind: 'lateArrival', afterCalls: 2 })
  await expect(board.driver.post([posting('late')])).rejects.toMatchObject(lostMaybe)
  expect(await isThere(board, 'late')).toBe(false)
  expect(await isThere(board, 'late')).toBe(false)
  expect(await isThere(board, 'late')).toBe(true)
})

test('a late arrival without a number is done when it is released, in its order', async () => {
  const board = await open({ member: 'post', kind: 'lateArrival', times: 2 })
  for (const id of ['a', 'b']) await expect(board.driver.post([posting(id)])).rejects.toMatchObject(lostMaybe)
  expect(await isThere(board, 'a')).toBe(false)
  await board.driver.faults.releaseLate()
  const { jobs } = await board.driver.read({ kind: 'list', states: 'all', limit: 9, fresh: true })
  expect(jobs.map(job => job.id)).toEqual(['a', 'b'])
})

test('after a close no late request arrives', async () => {
  const board = await open({ member: 'post', kind: 'lateArrival' })
  await expect(board.driver.post([posting('a')])).rejects.toMatchObject(lostMaybe)
  await board.driver.close()
  await board.driver.faults.releaseLate()
  expect(board.reached).toEqual(['open', 'close'])
})

test('a doubled request is done twice, and the second answer is given', async () => {
  const board = await open({ member: 'post', kind: 'doubled' })
  expect(await board.driver.post([posting('a')])).toMatchObject([{ kind: 'same' }])
  expect(board.reached).toEqual(['open', 'post', 'post'])
})

test('a request that hangs reaches nobody and is never answered', async () => {
  const board = await open({ member: 'post', kind: 'hang' })
  let answered = false
  void board.driver.post([posting('a')]).finally(() => {
    answered = true
  })
  expect(await isThere(board, 'a')).toBe(false)
  expect(answered).toBe(false)
})

test('a request that is done and hangs reaches the driver and is never answered', async () => {
  const board = await open({ member: 'post', kind: 'hang', done: true })
  let answered = false
  void board.driver.post([posting('a')]).finally(() => {
    answered = true
  })
  expect(await isThere(board, 'a')).toBe(true)
  expect(answered).toBe(false)
})

test('a request that hangs may be done when it is released, long after its caller gave up', async () => {
  const board = await open({ member: 'post', kind: 'hang', done: 'later' })
  void board.driver.post([posting('a')])
  expect(await isThere(board, 'a')).toBe(false)
  await board.driver.faults.releaseLate()
  expect(await isThere(board, 'a')).toBe(true)
})

test('of a batch that breaks off halfway the first half is done, and its caller cannot tell', async () => {
  const board = await open({ member: 'post', kind: 'half', times: 2 })
  const batch = ['a', 'b', 'c'].map(posting)
  await expect(board.driver.post(batch)).rejects.toMatchObject(lostMaybe)
  expect(await Promise.all(['a', 'b', 'c'].map(id => isThere(board, id)))).toEqual([true, true, false])
  await expect(board.driver.post([posting('alone')])).rejects.toMatchObject(lostMaybe)
  expect(await isThere(board, 'alone')).toBe(true)
})

test('a settle that breaks off halfway grants no wish', async () => {
  const board = await open({ member: 'settle', kind: 'half' })
  const { session, claimId, token } = await claimed(board)
  await board.driver.post([posting('next')])
  const ending = { jobId: 'job', claimId, token, how: 'consume' } as const
  const wish = { claimId: 'next', owner: 'me' }
  await expect(board.driver.settle(session, [ending], [wish])).rejects.toMatchObject(lostMaybe)
  const { found } = await board.driver.read({ kind: 'jobs', ids: ['job', 'next'] })
  expect(found).toMatchObject(['consumed', { standing: { state: 'UNCLAIMED' } }])
})

test('orders are struck by their kind', async () => {
  const board = await open({ member: 'purge', kind: 'lostRequest' })
  const order = { jobId: 'none', order: 1n }
  const missing = { kind: 'missing', onBoard: false }
  expect(await board.driver.administer({ kind: 'restore', ...order })).toEqual(missing)
  await expect(board.driver.administer({ kind: 'purge', ...order })).rejects.toMatchObject(lostMaybe)
})

test('down: every call is refused as not done, and no push comes, until it is lifted with a gap', async () => {
  const board = await open({ member: 'any', kind: 'down' })
  const notDone = { kind: 'unavailable', done: 'no' }
  for (let i = 0; i < 3; i += 1)
    await expect(board.driver.post([posting('a')])).rejects.toMatchObject(notDone)
  expect(board.pushed).toEqual([])
  board.driver.faults.lift()
  expect(board.pushed).toEqual(['gap'])
  await board.driver.post([posting('b')])
  expect(board.pushed).toEqual(['gap', 'posted'])
  expect(await isThere(board, 'a')).toBe(false)
})

test('an outage of so many calls ends by itself, with a gap', async () => {
  const board = await open({ member: 'any', kind: 'down', times: 1 })
  await expect(board.driver.post([posting('a')])).rejects.toMatchObject({ kind: 'unavailable' })
  expect(board.pushed).toEqual(['gap'])
})

test('a slow request is done so much later', async () => {
  const board = await open({ member: 'post', kind: 'slow', ms: 30 })
  const start = performance.now()
  await board.driver.post([posting('a')])
  expect(performance.now() - start).toBeGreaterThanOrEqual(29)
})

test.each(['consume', 'abandon', 'trash'] as const)(
  'a fault of %s strikes that ending and no other',
  async how => {
    const board = await open()
    const { session, claimId, token } = await claimed(board)
    const endings = {
      consume: { how: 'consume' },
      abandon: { how: 'abandon', delayMs: 0, failed: false },
      trash: { how: 'trash', reason: 'none' },
    } as const
    for (const other of ['consume', 'abandon', 'trash'] as const) {
      if (other !== how) board.driver.faults.add({ member: other, kind: 'lostRequest' })
    }
    board.driver.faults.add({ member: how, kind: 'lostReply' })
    const ending = { jobId: 'job', claimId, token, ...endings[how] }
    await expect(board.driver.settle(session, [ending])).rejects.toMatchObject({ message: /reply was lost/ })
    expect(board.driver.faults.left).toBe(2)
    // What was done is answered again: the receipt knows the ending.
    const { endings: answers } = await board.driver.settle(session, [ending])
    expect(answers).toEqual([{ kind: 'settled', how }])
  },
)

test('a settle that carries wishes is a claimNext too', async () => {
  const board = await open({ member: 'claimNext', kind: 'lostReply' })
  const { session, claimId, token } = await claimed(board)
  const ending = { jobId: 'job', claimId, token, how: 'consume' } as const
  const wish = { claimId: 'next', owner: 'me' }
  await expect(board.driver.settle(session, [ending], [wish])).rejects.toMatchObject(lostMaybe)
})

test('faults strike in order, one a call, and pass what they skip', async () => {
  const board = await open(
    { member: ['claim', 'post'], kind: 'lostRequest', skip: 1 },
    { member: 'post', kind: 'lostReply' },
  )
  await board.driver.post([posting('a')])
  await expect(board.driver.post([posting('b')])).rejects.toMatchObject({ message: /request was lost/ })
  await expect(board.driver.post([posting('c')])).rejects.toMatchObject({ message: /reply was lost/ })
  expect(board.driver.faults.left).toBe(0)
  expect(board.driver.faults.calls).toEqual({ post: 3 })
})

test('a driver that cannot be reached cannot be opened', async () => {
  await expect(open({ member: 'open', kind: 'down', times: 1 })).rejects.toMatchObject({
    kind: 'unavailable',
  })
})
