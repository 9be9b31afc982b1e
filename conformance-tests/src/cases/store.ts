import assert from 'node:assert/strict'
import { chooseFlowDetail, flowStore, mergeStores } from '@jobboard/core'
import fc from 'fast-check'
import type { ConformanceCase } from '../case.js'

/** The store semantics are pure functions of core: what they promise holds on every board in the same way. */
const flow = { uuid: 'flow-1', name: 'one', meta: { store: { a: 1, c: 3 } } }
const book = { uuid: 'book-1', name: 'book', flowDetails: [flow] }
const other = { uuid: 'flow-2', name: 'two' }

export const overlaid: ConformanceCase = {
  id: 'store/overlaid',
  law: 'STORE-1',
  title: "the flow's store is overlaid by the job's, key by key and no deeper",
  needs: [],
  async run(world) {
    const client = await world.client('client')
    const job = await client.post('job', { book, details: { store: { a: 2, b: 1 } } })
    assert.deepEqual(flowStore(flow, job), { a: 2, b: 1, c: 3 })
    assert.deepEqual(mergeStores({ deep: { x: 1, y: 2 } }, { deep: { x: 3 } }), { deep: { x: 3 } })

    const stores = fc.dictionary(fc.string(), fc.integer(), { maxKeys: 6 })
    const samples = fc.sample(fc.tuple(stores, stores), { seed: world.random.int(2 ** 31), numRuns: 50 })
    for (const [under, over] of samples) {
      const merged = mergeStores({ ...under }, { ...over })
      for (const [key, value] of Object.entries(over)) assert.equal(merged[key], value)
      for (const key of Object.keys(under))
        assert.equal(merged[key], Object.hasOwn(over, key) ? over[key] : under[key])
      assert.equal(Object.keys(merged).length, new Set([...Object.keys(under), ...Object.keys(over)]).size)
    }
  },
}

export const inputsStay: ConformanceCase = {
  id: 'store/inputs-stay',
  law: 'STORE-2',
  title: 'neither store is changed, either may be missing, and __proto__ is a key like any other',
  needs: [],
  async run() {
    const [under, over] = [Object.freeze({ a: 1, c: 3 }), Object.freeze({ a: 2 })]
    const merged = mergeStores(under, over)
    assert.notEqual(merged, under)
    assert.notEqual(merged, over)
    assert.deepEqual([under, over], [{ a: 1, c: 3 }, { a: 2 }])
    assert.deepEqual(mergeStores(undefined, over), { a: 2 })
    assert.deepEqual(mergeStores(under, undefined), { a: 1, c: 3 })
    assert.deepEqual(mergeStores(undefined, undefined), {})

    const odd = JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}')
    const carried = mergeStores(odd, { a: 1 })
    assert.deepEqual(Object.keys(carried).sort(), ['__proto__', 'a', 'constructor'])
    assert.equal(Reflect.get({}, 'polluted'), undefined)
    assert.equal(Reflect.get(carried, 'polluted'), undefined)
    const inherited = Object.create({ store: { a: 2 } })
    assert.deepEqual(flowStore(flow, { id: 'job', details: inherited }), { a: 1, c: 3 }, 'own keys only')
  },
}

export const noPlainObject: ConformanceCase = {
  id: 'store/no-plain-object',
  law: 'STORE-3',
  title: 'a store that is no plain object is an error that names where it came from',
  needs: [],
  async run() {
    for (const store of [[1], 'text', 7, true, new Map()]) {
      const job = { id: 'job-7', details: { store } }
      assert.throws(() => flowStore(flow, job), { code: 'JOBBOARD_INVALID_STORE', message: /job-7/ })
      const bad = { ...flow, meta: { store } }
      const good = { id: 'job-7', details: {} }
      assert.throws(() => flowStore(bad, good), { code: 'JOBBOARD_INVALID_STORE', message: /flow-1/ })
      assert.throws(() => mergeStores(store, {}), { code: 'JOBBOARD_INVALID_STORE' })
      assert.throws(() => mergeStores({}, store), { code: 'JOBBOARD_INVALID_STORE' })
    }
  },
}

export const whichFlow: ConformanceCase = {
  id: 'store/which-flow',
  law: 'STORE-4',
  title: 'the flow detail is the one that the job names, else the only one; none and several are told apart',
  needs: [],
  async run(world) {
    const client = await world.client('client')
    const two = { ...book, flowDetails: [flow, other] }
    const plain = await client.post('plain', { book })
    const naming = await client.post('naming', { book, details: { flow_uuid: 'flow-2' } })
    assert.equal(chooseFlowDetail(plain, book), flow)
    assert.equal(chooseFlowDetail(naming, two), other)
    assert.throws(() => chooseFlowDetail(plain, two), { code: 'JOBBOARD_FLOW_AMBIGUOUS' })
    const notFound = { code: 'JOBBOARD_FLOW_NOT_FOUND' }
    assert.throws(() => chooseFlowDetail(naming, book), notFound, 'named, but not in the book')
    assert.throws(() => chooseFlowDetail(plain, { ...book, flowDetails: [] }), notFound, 'an empty book')
    assert.throws(() => chooseFlowDetail(plain, undefined), notFound, 'no book')
  },
}
