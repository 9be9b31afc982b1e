import { chooseFlowDetail, type FlowDetail, flowStore, type LogBook, mergeStores } from '@jobboard/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

/** The parameters of a flow, and the flow of a job (STORE-1 to STORE-4). */

const key = fc.oneof(fc.constantFrom('a', 'b', '__proto__', 'constructor', 'toString'), fc.string())
const store = fc.dictionary(key, fc.integer(), { noNullPrototype: false })

describe('a merge of stores', () => {
  it('is the flow detail overlaid by the job, key by key', () => {
    expect(mergeStores({ a: 1, c: 3 }, { a: 2, b: 1 })).toEqual({ a: 2, b: 1, c: 3 })
    expect(mergeStores({ a: { x: 1 } }, { a: { y: 2 } })).toEqual({ a: { y: 2 } })
    expect(mergeStores({ a: 1 }, { a: undefined })).toEqual({ a: undefined })
  })

  it('has of each key what the job says, else what the flow detail says, and changes neither', () => {
    fc.assert(
      fc.property(store, store, (flow, job) => {
        Object.freeze(flow)
        Object.freeze(job)
        const merged = new Map(Object.entries(mergeStores(flow, job)))
        expect(merged).toEqual(new Map([...Object.entries(flow), ...Object.entries(job)]))
      }),
    )
  })

  it('takes own keys only, and `__proto__` is one like any other', () => {
    const inherited = Object.assign(Object.create(null), JSON.parse('{"__proto__": {"admin": true}}'))
    const merged = mergeStores(inherited, { b: 1 })
    expect(Object.keys(merged)).toEqual(['__proto__', 'b'])
    expect(merged['admin']).toBeUndefined()
    expect(Object.getPrototypeOf(merged)).toBe(Object.prototype)
  })

  it.each([
    [undefined, undefined, {}],
    [null, { a: 1 }, { a: 1 }],
    [{ a: 1 }, undefined, { a: 1 }],
  ])('takes a missing one for an empty one (case %#)', (flow, job, merged) => {
    expect(mergeStores(flow, job)).toEqual(merged)
  })

  it.each([[], 'text', 7, new Map(), new Date(), () => {}])(
    'refuses what is no plain object, and names where it came from (case %#)',
    wrong => {
      const code = 'JOBBOARD_INVALID_STORE'
      expect(() => mergeStores(wrong, {})).toThrow(
        expect.objectContaining({ code, origin: 'the flow detail' }),
      )
      expect(() => mergeStores({}, wrong)).toThrow(expect.objectContaining({ code, origin: 'the job' }))
    },
  )
})

describe('the store of a job', () => {
  const job = { id: 'j', details: { store: { a: 2, b: 1 } } }

  it('comes from the meta of the flow detail and the details of the job', () => {
    const flow = { uuid: 'f', name: 'flow', meta: { store: { a: 1, c: 3 } } }
    expect(flowStore(flow, job)).toEqual({ a: 2, b: 1, c: 3 })
    expect(flowStore({ uuid: 'f', name: 'flow' }, { id: 'j', details: {} })).toEqual({})
  })

  it('does not come from a prototype', () => {
    const details = Object.create({ store: { a: 1 } })
    expect(flowStore({ uuid: 'f', name: 'flow' }, { id: 'j', details })).toEqual({})
  })

  it('names the flow detail or the job whose store is wrong', () => {
    const flow = { uuid: 'f', name: 'flow', meta: { store: [] } }
    expect(() => flowStore(flow, job)).toThrow(
      'The store of flow detail f must be a plain object, not an array',
    )
    expect(() => flowStore({ ...flow, meta: {} }, { id: 'j', details: { store: 'x' } })).toThrow(
      'The store of job j must be a plain object, not a string',
    )
  })
})

describe('the flow detail of a job', () => {
  const flows: FlowDetail[] = ['f1', 'f2'].map(uuid => ({ uuid, name: uuid }))
  const book = (...flowDetails: FlowDetail[]): LogBook => ({ uuid: 'b', name: 'book', flowDetails })
  const [f1, f2] = flows as [FlowDetail, FlowDetail]
  const job = (details: Record<string, unknown> = {}) => ({ id: 'j', details })

  it('is the one that the details name, else the only one in the book', () => {
    expect(chooseFlowDetail(job({ flow_uuid: 'f2' }), book(f1, f2))).toBe(f2)
    expect(chooseFlowDetail(job(), book(f1))).toBe(f1)
  })

  it.each([
    ['a job without a book', job(), undefined, 'JOBBOARD_FLOW_NOT_FOUND'],
    ['an empty book', job(), book(), 'JOBBOARD_FLOW_NOT_FOUND'],
    ['a name that is not in the book', job({ flow_uuid: 'f3' }), book(f1), 'JOBBOARD_FLOW_NOT_FOUND'],
    ['a name that is no text', job({ flow_uuid: 7 }), book(f1), 'JOBBOARD_FLOW_NOT_FOUND'],
    ['several, and no name', job(), book(f1, f2), 'JOBBOARD_FLOW_AMBIGUOUS'],
  ])('is not there for %s', (_, wanted, where, code) => {
    expect(() => chooseFlowDetail(wanted, where)).toThrow(expect.objectContaining({ code }))
  })
})
