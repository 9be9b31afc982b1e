import assert from 'node:assert/strict'
import { runInNewContext } from 'node:vm'
import { InvalidPostingError, Jobboard, type PostOptions, parsePriority, priorities } from '@jobboard/core'
import { contentHash, priorityRank } from '@jobboard/core/driver'
import { memory } from '@jobboard/memory'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Tampering, tampered } from './support.js'

/** What may be posted, and comes back as it was posted (POST-2, POST-5). */

let board: Jobboard
const sent: string[] = []
const tampering: Tampering = {
  post: (proceed, postings) => {
    sent.push(...postings.map(({ details }) => details))
    return proceed()
  },
}

beforeAll(async () => {
  board = await new Jobboard(tampered(memory(), tampering), { maxPayloadBytes: 10_000 }).connect()
  return () => board.close()
})

/** Posts, and reads back what a worker would see. */
async function roundTrip(details: object): Promise<unknown> {
  const { id } = await board.post('job', { details: details as Record<string, unknown> })
  return (await board.find(id))?.details
}

/** Posts what must be refused; answers where and why. Nothing may be sent. */
async function refusal(name: unknown, options?: unknown): Promise<InvalidPostingError> {
  const before = sent.length
  const error = await board.post(name as string, options as PostOptions).then(
    () => undefined,
    error => error,
  )
  expect(error).toBeInstanceOf(InvalidPostingError)
  expect(sent).toHaveLength(before)
  return error
}

async function refusedDetails(details: unknown): Promise<string> {
  const { path, message } = await refusal('job', { details })
  return message
    .replace('Cannot post this job: ', '')
    .replace(/^details/, path === 'details' ? '' : 'details')
}

const text = fc.string({ unit: 'binary' }).map(text => text.toWellFormed().replaceAll('\u0000', ''))
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map(n => (Object.is(n, -0) ? 0 : n))
/** Everything that JSON carries unchanged. */
const { value: anyValue } = fc.letrec<{ value: unknown }>(tie => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    number,
    text,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(text, fc.constantFrom('__proto__', 'constructor', 'toJSON', '')), tie('value'), {
      maxKeys: 4,
      noNullPrototype: false,
    }),
  ),
}))
const anyObject = fc.dictionary(fc.oneof(text, fc.constant('__proto__')), anyValue, { maxKeys: 4 })

/** The same with every object on `Object.prototype`, as JSON.parse makes them. */
function parsed(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

describe('details', () => {
  it('come back deeply equal, whatever JSON can carry', async () => {
    await fc.assert(
      fc.asyncProperty(anyObject, async details => {
        // Not by `expect`, which asks for the constructor, and that may be data.
        assert.deepStrictEqual(await roundTrip(details), parsed(details))
      }),
      { numRuns: 300 },
    )
  })

  it('carry `__proto__` as data', async () => {
    const details = JSON.parse('{"__proto__":{"admin":true},"list":[{"__proto__":1}]}')
    const back = (await roundTrip(details)) as Record<string, unknown>
    expect(Object.keys(back)).toEqual(['__proto__', 'list'])
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype)
    expect(back['admin']).toBeUndefined()
    expect(sent.at(-1)).toBe('{"__proto__":{"admin":true},"list":[{"__proto__":1}]}')
  })

  it('are read once, so that what was checked is what is sent', async () => {
    let reads = 0
    const shifty = {
      get amount() {
        return ++reads === 1 ? 1 : Number.NaN
      },
    }
    expect(await roundTrip(shifty)).toEqual({ amount: 1 })
    const proxied = new Proxy({ list: [1, 2] }, {})
    expect(await roundTrip({ proxied })).toEqual({ proxied: { list: [1, 2] } })
  })

  it('may come from another realm, or have no prototype', async () => {
    const foreign = runInNewContext('({ list: [1, { a: 1 }], nothing: null })')
    expect(await roundTrip(foreign)).toEqual({ list: [1, { a: 1 }], nothing: null })
    expect(await roundTrip(Object.assign(Object.create(null), { a: 1 }))).toEqual({ a: 1 })
  })

  it('may name the same value twice, but not within itself', async () => {
    const shared = { a: 1 }
    expect(await roundTrip({ one: shared, two: [shared, shared] })).toEqual({
      one: { a: 1 },
      two: [{ a: 1 }, { a: 1 }],
    })
    const loop: Record<string, unknown> = { list: [] }
    ;(loop['list'] as unknown[]).push({ loop })
    expect(await refusedDetails(loop)).toBe('details.list[0].loop: the value contains itself')
  })

  it('are {} when none are given', async () => {
    await board.post('job')
    expect(sent.at(-1)).toBe('{}')
  })

  it('are not changed by what becomes of the object later', async () => {
    const details = { list: [1] }
    const posting = board.post('job', { details })
    details.list.push(2)
    expect((await posting).details).toEqual({ list: [1] })
  })

  class Point {
    x = 1
  }
  class Many extends Array<number> {}
  const holed = [1, 2, 3]
  delete holed[1]
  const withSymbolKey = Object.assign([1], { [Symbol('s')]: 1 })
  const hidden = Object.defineProperty({ a: 1 }, 'b', { value: 2 })
  const throwing = {
    get b(): never {
      throw new Error('secret')
    },
  }
  const guarded = new Proxy(
    {},
    {
      ownKeys: () => {
        throw new Error('secret')
      },
    },
  )

  it.each<[string, unknown, string]>([
    ['a bigint', 1n, 'a bigint has no form in JSON'],
    ['a function', () => {}, 'a function has no form in JSON'],
    ['a symbol', Symbol('s'), 'a symbol has no form in JSON'],
    ['undefined', undefined, 'undefined has no form in JSON'],
    ['NaN', Number.NaN, 'NaN has no form in JSON'],
    ['infinity', Number.NEGATIVE_INFINITY, '-Infinity has no form in JSON'],
    ['-0', -0, '-0 would come back as 0'],
    [
      'a Date',
      new Date(),
      'a Date object would come back as something else (it has toJSON); convert it yourself',
    ],
    [
      'an object with toJSON',
      { toJSON: () => 1 },
      'a Object object would come back as something else (it has toJSON); convert it yourself',
    ],
    ['a URL', new URL('file:/x'), expect.stringContaining('it has toJSON')],
    ['a Buffer', Buffer.from('x'), expect.stringContaining('it has toJSON')],
    ['a Map', new Map(), 'a Map object would come back as a plain object'],
    ['a Set', new Set([1]), 'a Set object would come back as a plain object'],
    ['an instance of a class', new Point(), 'a Point object would come back as a plain object'],
    ['a typed array', new Uint8Array(2), 'a Uint8Array object would come back as a plain object'],
    ['an ArrayBuffer', new ArrayBuffer(2), 'a ArrayBuffer object would come back as a plain object'],
    ['a RegExp', /x/, 'a RegExp object would come back as a plain object'],
    ['an Error', new Error('x'), 'a Error object would come back as a plain object'],
    ['a promise', Promise.resolve(), 'a Promise object would come back as a plain object'],
    ['a boxed number', Object(1), 'a Number object would come back as a plain object'],
    ['a boxed text', Object('x'), 'a String object would come back as a plain object'],
    [
      'an object on another object',
      Object.create({ a: 1 }),
      expect.stringContaining('would come back as a plain'),
    ],
    ['a sparse array', holed, 'a sparse array would come back with null in its holes'],
    ['a vast sparse array', new Array(2 ** 32 - 1), 'a sparse array would come back with null in its holes'],
    ['an array with a name', Object.assign([1], { a: 1 }), 'an array with named members would lose them'],
    ['an array with a symbol', withSymbolKey, 'an array with named members would lose them'],
    ['an array of a subclass', Many.from([1]), 'an array would come back as a plain array'],
    ['a symbol key', { [Symbol('s')]: 1 }, 'members that are symbols or not enumerable have no form in JSON'],
    ['a hidden member', hidden, 'members that are symbols or not enumerable have no form in JSON'],
    ['a proxy that refuses', guarded, 'reading it throws'],
    ['a lone surrogate', 'a\ud800', 'a lone surrogate is no valid text'],
    ['the other half', '\udc00a', 'a lone surrogate is no valid text'],
    ['U+0000', 'a\u0000', 'U+0000 cannot be stored by every backend; leave it out'],
  ])('are refused with %s in them, wherever it is', async (_, value, why) => {
    for (const [details, path] of [
      [{ a: value }, 'details.a'],
      [{ a: [0, value] }, 'details.a[1]'],
      [{ a: { b: [{ c: value }] } }, 'details.a.b[0].c'],
    ] as const) {
      const error = await refusal('job', { details })
      expect(error.path).toBe(path)
      expect(error.message.replace(`Cannot post this job: ${path}: `, '')).toEqual(why)
    }
  })

  it('are refused with a getter that throws, whose error is the cause and not in the message', async () => {
    const error = await refusal('job', { details: { a: throwing } })
    expect(error).toMatchObject({ path: 'details.a.b', cause: new Error('secret') })
    expect(error.message).not.toContain('secret')
  })

  it.each(['a\u0000', '\ud800'])('are refused with the key %j', async key => {
    expect((await refusal('job', { details: { [key]: 1 } })).path).toBe(`details.${key}`)
  })

  it.each([null, [1], 'text', 7, true, new Map(), new Point(), () => {}])(
    'are refused when they are no plain object: %s',
    async details => {
      expect(await refusedDetails(details)).toMatch(/must be a plain object, not an? |^: must .* not null$/)
    },
  )

  it('are refused when they are nested too deep, and not before', async () => {
    const nested = (depth: number): object => (depth === 1 ? {} : { a: nested(depth - 1) })
    expect(JSON.stringify(await roundTrip(nested(1_000)))).toBe(JSON.stringify(nested(1_000)))
    expect((await refusal('job', { details: nested(1_001) })).message).toContain('nested more than 1000 deep')
    let bottomless: object = {}
    for (let i = 0; i < 1_000_000; i++) bottomless = { a: bottomless }
    expect((await refusal('job', { details: bottomless })).message).toContain('nested more than 1000 deep')
  })

  it('are refused when their JSON is over the limit, counted in bytes', async () => {
    const frame = '{"a":""}'.length
    await board.post('job', { details: { a: 'x'.repeat(10_000 - frame) } })
    await board.post('job', { details: { a: '\u20ac'.repeat(Math.floor((10_000 - frame) / 3)) } })
    for (const a of [
      'x'.repeat(10_001 - frame),
      '\u20ac'.repeat(3_331),
      '"'.repeat(5_000),
      [...Array(6_000)].map(() => 1),
    ])
      expect(await refusedDetails({ a })).toContain('over the limit of 10000 bytes (maxPayloadBytes)')
  })

  it('are refused at once when they would unfold into something huge', async () => {
    let wide: unknown[] = [1]
    for (let i = 0; i < 60; i++) wide = [wide, wide]
    expect(await refusedDetails({ wide })).toContain('over the limit')
  })

  it('never show in a message', async () => {
    const secret = 'hunter2'
    for (const details of [{ a: [secret, 1n] }, { a: `${secret}\u0000` }, { a: secret.repeat(5_000) }])
      expect((await refusal('job', { details })).message).not.toContain(secret)
  })
})

describe('the rest of a posting', () => {
  it.each([
    ['name', '', {}],
    ['name', 'x'.repeat(256), {}],
    ['name', 'a\u0000', {}],
    ['name', '\ud800', {}],
    ['name', undefined, {}],
    ['name', 7, {}],
    ['id', 'job', { id: '' }],
    ['id', 'job', { id: 'x'.repeat(256) }],
    ['id', 'job', { id: 7 }],
    ['priority', 'job', { priority: 'URGENT' }],
    ['priority', 'job', { priority: 3 }],
    ['priority', 'job', { priority: null }],
    ['book', 'job', { book: 'b' }],
    ['book', 'job', { book: null }],
    ['book.uuid', 'job', { book: { name: 'b' } }],
    ['book.name', 'job', { book: { uuid: 'u', name: '' } }],
    ['delayMs', 'job', { delayMs: -1 }],
    ['delayMs', 'job', { delayMs: 1.5 }],
    ['delayMs', 'job', { delayMs: '5' }],
    ['delayMs', 'job', { delayMs: Number.NaN }],
    ['delayMs', 'job', { delayMs: Number.POSITIVE_INFINITY }],
    ['delayMs', 'job', { delayMs: 1e15 }],
    ['flow', 'job', { flow: '' }],
    ['flow', 'job', { flow: {} }],
    ['flow', 'job', { flow: null }],
    ['flow', 'job', { flow: 'f', details: { flow_uuid: 'f' } }],
    ['store', 'job', { store: [] }],
    ['store', 'job', { store: null }],
    ['store.a', 'job', { store: { a: 1n } }],
    ['store', 'job', { store: {}, details: { store: {} } }],
    ['options', 'job', null],
    ['options', 'job', 'high'],
    ['prio', 'job', { prio: 'HIGH' }],
  ])('is refused where %s is wrong (case %#)', async (path, name, options) => {
    expect((await refusal(name, options)).path).toBe(path)
  })

  it('lists what is known when an option is not', async () => {
    expect((await refusal('job', { detail: {} })).message).toBe(
      'Cannot post this job: detail: unknown; known are details, priority, id, book, flow, store, delayMs',
    )
  })

  it('is checked also where the maker of ids goes wrong', async () => {
    await using own = new Jobboard(memory(), { newId: () => '' })
    await own.connect()
    await expect(own.post('job')).rejects.toMatchObject({ path: 'id' })
  })

  it('goes up to its limits', async () => {
    const long = 'x'.repeat(255)
    const job = await board.post(long, { id: long, priority: 'very_low', book: { uuid: long, name: long } })
    expect(job).toMatchObject({
      id: long,
      name: long,
      priority: 'VERY_LOW',
      book: { uuid: long, name: long },
    })
  })

  it('stores of a book no more than name and uuid, of a flow its uuid, and the store in the details', async () => {
    const flow = { uuid: 'f', name: 'flow' }
    const book = { uuid: 'u', name: 'b', flowDetails: [flow] }
    const job = await board.post('job', { book, flow, store: { a: 1 }, details: { b: 2 } })
    expect(job.book).toEqual({ uuid: 'u', name: 'b' })
    expect(job.details).toEqual({ b: 2, flow_uuid: 'f', store: { a: 1 } })
  })
})

describe('priorities', () => {
  it('are read in upper or lower case, and ranked from the most urgent', () => {
    expect(priorities.map(priority => parsePriority(priority.toLowerCase()))).toEqual(priorities)
    expect(priorities.map(priorityRank)).toEqual([0, 1, 2, 3, 4])
  })

  it.each(['', 'urgent', 'HIGH ', 1, null, undefined, {}])('are none of %j', value => {
    expect(() => parsePriority(value)).toThrow(/use one of VERY_HIGH, HIGH, NORMAL, LOW, VERY_LOW/)
  })
})

describe('the hash of a posting', () => {
  const content = { name: 'a', priority: 'NORMAL', details: '{"a":1,"b":[1,{"c":2,"d":3}]}' } as const

  it('is the same for the same content, in whatever order and spacing', () => {
    const details = '{ "b": [1, {"d": 3, "c": 2}], "a": 1.0 }'
    expect(contentHash({ ...content, details })).toBe(contentHash(content))
  })

  it('is another one for other content', () => {
    const book = { uuid: 'u', name: 'b' }
    const others = [
      content,
      { ...content, name: 'b' },
      { ...content, priority: 'HIGH' as const },
      { ...content, details: '{"a":1,"b":[{"c":2,"d":3},1]}' },
      { ...content, details: '{"a":1,"b":[1,[["c",2],["d",3]]]}' },
      { ...content, details: '{"a":1,"b":[1,{"entries":[["c",2],["d",3]]}]}' },
      { ...content, details: '{"a":1,"b":[1,{"c":2,"d":3}],"__proto__":1}' },
      { ...content, book },
      { ...content, book: { uuid: 'b', name: 'u' } },
    ]
    expect(new Set(others.map(contentHash)).size).toBe(others.length)
  })

  it('never changes, since boards store it', () => {
    expect(contentHash(content)).toBe('q2Ok8kJM8fJrUICP0Yexv0O2oo0ifejiQfa9MDrdESQ')
  })
})
