import { expect, it } from 'vitest'
import { TransitMap, TransitSet } from '../src/transit.js'

it('a TransitMap holds what a Map holds, in the same order, however much passes through', () => {
  const [transit, map] = [new TransitMap<number, string>(), new Map<number, string>()]
  for (let i = 0; i < 5_000; i++) {
    for (const one of [transit, map]) {
      one.set(i, `first ${i}`)
      if (i % 3 === 0) one.set(i - 7, `again ${i}`)
      one.delete(i - 10)
      one.delete(i - 10)
    }
    if (i % 100 === 0) expect(transit.entries()).toEqual([...map])
    expect([transit.size, transit.get(i - 5), transit.has(i - 20)]).toEqual([
      map.size,
      map.get(i - 5),
      map.has(i - 20),
    ])
  }
  expect([transit.keys(), transit.values()]).toEqual([[...map.keys()], [...map.values()]])
  transit.clear()
  expect([transit.size, transit.entries()]).toEqual([0, []])
})

it('what a TransitSet shows does not change while it is walked', () => {
  const set = new TransitSet<string>()
  for (const item of ['a', 'b', 'c']) set.add(item)
  set.add('b')
  const seen: string[] = []
  for (const item of set.values()) {
    seen.push(item)
    set.delete(item)
    set.add(`${item} again`)
  }
  expect(seen).toEqual(['a', 'b', 'c'])
  expect([set.size, set.has('a'), set.has('a again')]).toEqual([3, false, true])
})
