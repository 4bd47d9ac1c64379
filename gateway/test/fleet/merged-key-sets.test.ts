import t from 'tap'
import { mergedKeySets } from '../../src/fleet/merged-key-sets.ts'

const key = (kid: string) => ({ kty: 'EC', kid })
const own = (kid: string, complete: boolean) => ({ keys: [key(kid)], complete })

t.test('the keys of gateways that do not hear of each other are published together', async (t) => {
  const one = { keys: [key('a'), key('b')], complete: true }
  const other = { keys: [key('b'), key('a'), key('c')], complete: true }
  t.strictSame(mergedKeySets([one, other]), {
    keys: [key('a'), key('b'), key('c')],
    complete: true
  })
  t.strictSame(mergedKeySets([own('a', false), own('b', false)]), {
    keys: [key('a'), key('b')],
    complete: false
  })
})

t.test('the key set is incomplete if one gateway does not answer', async (t) => {
  t.strictSame(mergedKeySets([own('a', true), null]), own('a', false))
  t.strictSame(mergedKeySets([]), { keys: [], complete: false })
})
