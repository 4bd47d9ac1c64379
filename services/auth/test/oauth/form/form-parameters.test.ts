import { anyText } from '@gatehouse/fixtures/any-text'
import { runs } from '@gatehouse/fixtures/generated'
import { OAuthRefusal } from '@gatehouse/problem/oauth-error'
import fc from 'fast-check'
import t from 'tap'
import { readForm } from '../../../src/oauth/form/form-parameters.ts'

const twice = { name: 'Refusal', message: 'INVALID_REQUEST: a parameter is given twice' }
const unreadable = { name: 'Refusal', message: 'INVALID_REQUEST: the form could not be read' }

const read = (text: string) => Object.fromEntries(readForm(Buffer.from(text)))

t.test('a form is read as browsers and libraries write it', async (t) => {
  t.strictSame(read(''), {})
  t.strictSame(read('a=1&b=2'), { a: '1', b: '2' })
  t.strictSame(read('a=1+2%2B3'), { a: '1 2+3' })
  t.strictSame(read('a=b=c'), { a: 'b=c' })
  t.strictSame(read('n%61me=%C3%A9'), { name: 'é' })
  t.strictSame(read('a=é'), { a: 'é' }, 'UTF-8 that was not encoded')
  t.strictSame(read('scope=a b'), { scope: 'a b' }, 'as curl -d sends it')
  t.strictSame(read('&a=1&&'), { a: '1' })
})

t.test('a parameter without a value counts as absent (RFC 6749 §3.2)', async (t) => {
  t.strictSame(read('a=&b&c=1'), { c: '1' })
})

t.test('names of an object’s own properties are ordinary parameter names', async (t) => {
  const form = readForm(Buffer.from('__proto__=1&constructor=2'))
  t.equal(form.get('__proto__'), '1')
  t.equal(form.get('toString'), undefined)
})

t.test('a parameter that is given twice is refused, in every spelling', async (t) => {
  for (const text of ['a=1&a=1', 'a=1&%61=2', 'a=&a=1', 'a&a', 'x=1&a=1&y=1&a=2']) {
    t.throws(() => read(text), twice, text)
  }
})

t.test('an ambiguous form is refused', async (t) => {
  for (const text of [
    'a=%',
    'a=%zz',
    'a=%1',
    '%=1',
    'a=%FF',
    'a=%C0%AE',
    'a=%00',
    'a=x%0d%0ay',
    'a=x\ny',
    'a=%C2%85'
  ]) {
    t.throws(() => read(text), unreadable, JSON.stringify(text))
  }
  t.throws(() => readForm(Buffer.from('a=\xff', 'latin1')), unreadable, 'Latin-1')
})

t.test('a form is read as it was written, and other bytes are refused', async (t) => {
  const text = anyText().filter((one) => !/\p{Cc}/u.test(one))
  const form = fc.dictionary(
    text,
    text.filter((one) => one !== ''),
    { noNullPrototype: true }
  )
  fc.assert(
    fc.property(form, (parameters) => {
      const read = readForm(Buffer.from(new URLSearchParams(parameters).toString()))
      t.strictSame([...read], Object.entries(parameters))
    })
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      try {
        readForm(Buffer.from(bytes))
      } catch (error) {
        if (!(error instanceof OAuthRefusal)) throw error
      }
    }),
    runs(2000)
  )
})
