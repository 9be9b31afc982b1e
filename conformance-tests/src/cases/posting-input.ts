import assert from 'node:assert/strict'
import type { Priority } from '@jobboard/core'
import fc from 'fast-check'
import type { ConformanceCase } from '../case.js'
import type { Client, World } from '../world.js'
import { refusal, upTo } from './support.js'

const kibibyte = 1024

export const anyJson: ConformanceCase = {
  id: 'posting/any-json',
  law: 'POST-2',
  title: 'whatever JSON carries comes back deeply equal',
  needs: [],
  async run(world) {
    const [poster, reader] = [await world.client('poster'), await world.client('reader')]
    const samples = fc.sample(jsonObject, { seed: world.random.int(2 ** 31), numRuns: 100 })
    const jobs = await Promise.all(samples.map(details => poster.post('any', { details })))
    const listed = new Map((await reader.list({ ensureFresh: true })).map(job => [job.id, job.details]))
    for (const [i, job] of jobs.entries()) assert.deepStrictEqual(listed.get(job.id), samples[i])
  },
}

export const goodLabels: ConformanceCase = {
  id: 'posting/good-labels',
  law: 'POST-5',
  title: 'names and ids of 1 to 255 characters and details up to the limit are taken',
  needs: [],
  async run(world) {
    const client = await world.client('client')
    const labels = ['x', 'é'.repeat(255), '../a b\\c:d*?"%00#', 'a/b/c', 'x'.repeat(255)]
    for (const label of labels) {
      const { id } = await client.post(label, { id: `id ${label}`.slice(0, 255) })
      assert.equal((await client.find(id))?.name, label)
    }
    const details = { text: 'x'.repeat(500 * kibibyte) }
    const { id } = await client.post('large', { details })
    assert.deepEqual((await client.find(id))?.details, details)
  },
}

export const badLabels: ConformanceCase = {
  id: 'posting/bad-labels',
  law: 'POST-5',
  title: 'empty and over-long names and ids, and unknown priorities, are refused before anything is sent',
  needs: [],
  async run(world) {
    const client = await clientHere(world)
    for (const label of ['', 'x'.repeat(256), 'nul\u0000', 'half \ud83d of a pair']) {
      await refusal(client.post(label), 'JOBBOARD_INVALID_POSTING')
      await refusal(client.post('name', { id: label }), 'JOBBOARD_INVALID_POSTING')
    }
    for (const priority of ['URGENT', '', 'VERY-HIGH', 1, null]) {
      await refusal(client.post('name', { priority: priority as Priority }), 'JOBBOARD_INVALID_POSTING')
    }
    await assertNothingSent(client)
  },
}

export const badValues: ConformanceCase = {
  id: 'posting/bad-values',
  law: 'POST-5',
  title: 'what JSON cannot carry unchanged is refused before anything is sent, however deep it sits',
  needs: [],
  async run(world) {
    const client = await clientHere(world)
    const seed = world.random.int(2 ** 31)
    const samples = fc.sample(fc.tuple(jsonObject, fc.nat(2), fc.nat(3)), {
      seed,
      numRuns: unsafe.length * 3,
    })
    for (const [i, [around, place, depth]] of samples.entries()) {
      const [what, value] = unsafe[i % unsafe.length] ?? ['', undefined]
      const details = hidden(value, { ...around }, place, depth)
      await refusal(client.post('bad', { details }), 'JOBBOARD_INVALID_POSTING').catch(cause => {
        throw new Error(`${what} must be refused`, { cause })
      })
    }
    await assertNothingSent(client)
  },
}

export const overTheLimit: ConformanceCase = {
  id: 'posting/over-the-limit',
  law: 'POST-5',
  title: 'details over the limit are refused before anything is sent, counted in bytes',
  needs: [],
  async run(world) {
    const client = await clientHere(world)
    for (const text of ['x'.repeat(512 * kibibyte), '書'.repeat(200 * kibibyte)]) {
      await refusal(client.post('large', { details: { text } }), 'JOBBOARD_INVALID_POSTING')
    }
    await assertNothingSent(client)
  },
}

// `fc.string` of all characters would first make a table of them, which takes seconds.
/** Any character that a board stores: all of Unicode but halves of pairs and U+0000. */
const codePoint = fc.oneof(fc.integer({ min: 1, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff }))
const text = fc.array(codePoint, { maxLength: 20 }).map(points => String.fromCodePoint(...points))
const key = fc.oneof(text, fc.constantFrom('__proto__', 'constructor', 'toString', '', 'length', '0'))
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map(value => value + 0)

const { jsonObject } = fc.letrec<{ value: unknown; jsonObject: Record<string, unknown> }>(tie => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.oneof(number, fc.integer()),
    text,
    fc.array(tie('value'), { maxLength: 4 }),
    tie('jsonObject'),
  ),
  jsonObject: fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
}))

const cycle: unknown[] = []
cycle.push({ cycle })

const unsafe: readonly (readonly [string, unknown])[] = [
  ['a BigInt', 1n],
  ['a function', () => 1],
  ['a symbol', Symbol('s')],
  ['undefined', undefined],
  ['NaN', Number.NaN],
  ['infinity', Number.POSITIVE_INFINITY],
  ['-0', -0],
  ['a Date', new Date(0)],
  ['an object with toJSON', { toJSON: () => 1 }],
  ['a Map', new Map()],
  ['a sparse array', new Array(2)],
  ['a cycle', cycle],
  ['a lone surrogate', 'x\ud800'],
  ['U+0000', 'a\u0000b'],
  ['a key with a lone surrogate', { '\udc00': 1 }],
  ['a key with U+0000', { '\u0000': 1 }],
]

/** The value inside an object, an array or both, some levels down. */
function hidden(
  value: unknown,
  around: Record<string, unknown>,
  place: number,
  depth: number,
): Record<string, unknown> {
  const wraps = [
    (inner: unknown) => ({ inner }),
    (inner: unknown) => [1, inner],
    (inner: unknown) => [{ inner }],
  ]
  let wrapped = value
  for (const _ of upTo(depth)) wrapped = wraps[place]?.(wrapped)
  return { ...around, wrapped }
}

/** In this process, since no message between processes carries such values. */
function clientHere(world: World): Promise<Client> {
  return world.client('client', { here: true })
}

async function assertNothingSent(client: Client): Promise<void> {
  assert.equal((await client.calls())['post'] ?? 0, 0, 'nothing was sent')
}
