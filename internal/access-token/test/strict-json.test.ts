import { runs } from '@gatehouse/fixtures/generated'
import fc from 'fast-check'
import t from 'tap'
import { strictJsonObject } from '../src/strict-json.ts'

const read = (text: string) => strictJsonObject(Buffer.from(text))?.members ?? null

t.test('an object is read', async (t) => {
  t.strictSame(read('{"a":1,"b":["x:y",{"c":null}],"d":"\\"{:[\\\\"}'), {
    a: 1,
    b: ['x:y', { c: null }],
    d: '"{:[\\'
  })
  t.strictSame(read(' { } '), {})
})

t.test('the depth of an object is measured, up to 64 levels', async (t) => {
  const depthOf = (text: string) => strictJsonObject(Buffer.from(text))?.depth
  t.equal(depthOf('{}'), 1)
  t.equal(depthOf('{"a":"[[[","b":[1,{"c":2}]}'), 3)
  t.equal(depthOf(`${'{"a":'.repeat(64)}1${'}'.repeat(64)}`), 64)
})

t.test('a duplicate member is refused, however it is escaped', async (t) => {
  for (const text of [
    '{"a":1,"a":1}',
    '{"a":1,"b":2,"a":3}',
    '{"a":1,"\\u0061":2}',
    '{"x":{"a":1,"a":2}}',
    '{"x":[{"a":1,"a":2}]}',
    '{"__proto__":1,"__proto__":2}',
    '{"1":1,"1":2}'
  ]) {
    t.equal(read(text), null, text)
  }
})

t.test('malformed JSON is refused', async (t) => {
  const wrong: Record<string, string | Buffer> = {
    nothing: '',
    'an array': '[]',
    'a string': '"{}"',
    null: 'null',
    'a number': '1',
    'text behind it': '{}x',
    'a second object': '{}{}',
    'a byte order mark': '\ufeff{}',
    'half an object': '{"a":',
    'a comment': '{/**/}',
    'a trailing comma': '{"a":1,}',
    'single quotes': "{'a':1}",
    '65 levels': `${'{"a":'.repeat(65)}1${'}'.repeat(65)}`,
    'ten thousand levels': `{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
    'bytes that are not UTF-8': Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
    'an overlong slash': Buffer.from([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d])
  }
  for (const [name, bytes] of Object.entries(wrong)) {
    t.equal(strictJsonObject(Buffer.from(bytes)), null, name)
  }
})

t.test('__proto__ is a member like any other', async (t) => {
  const value = read('{"__proto__":{"admin":true}}')
  t.equal(Object.getPrototypeOf(value), Object.prototype)
  t.ok(Object.hasOwn(value ?? {}, '__proto__'))
})

t.test('every output of JSON.stringify can be read', async (t) => {
  const anyObject = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ maxDepth: 3 }))
  const readAgain = fc.property(anyObject, (value) => {
    const text = JSON.stringify(value)
    return JSON.stringify(read(text)) === text
  })
  t.equal(fc.check(readAgain, runs(5000)).counterexample, null)
})
