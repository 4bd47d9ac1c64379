import { originFaults } from '@gatehouse/settings/origins'
import t from 'tap'

const faults = (ALLOWED_ORIGINS: string, NODE_ENV = 'development') =>
  originFaults({ ALLOWED_ORIGINS, NODE_ENV })

t.test('a list of origins accepts any scheme, and a star for one label', async (t) => {
  const good = [
    '',
    'https://a.example',
    'https://a.example:8443, http://localhost:5173',
    'HTTPS://A.example:443',
    'wss://a.example',
    'capacitor://localhost tauri://localhost ionic://localhost',
    'chrome-extension://abcdefghijklmnopabcdefghijklmnop',
    'https://*.a.example'
  ]
  for (const list of good) t.strictSame(faults(list), [], list)
})

t.test('an entry that no browser sends, or that every page matches, is reported', async (t) => {
  const bad: Record<string, RegExp> = {
    '*': /the pages of every site/,
    null: /every sandboxed or local page/,
    'a.example': /is not scheme:\/\/host/,
    'https://a.example/': /nothing after it/,
    'https://a.example.': /a dot after its host/,
    'https://a.example.:8443': /a dot after its host/,
    'https://*.example': /the whole first of three or more labels/,
    'https://a.*.example': /the whole first of three/,
    'https://a*.b.example': /the whole first of three/,
    'chrome-extension://*': /the whole first of three/,
    'https://*.*.a.example': /the whole first of three/,
    'ftp://a.example': /is not scheme:\/\/host/,
    'javascript:1': /is not scheme:\/\/host/,
    'https://user:secret@a.example': /is not scheme:\/\/host/
  }
  for (const [entry, words] of Object.entries(bad)) {
    const [fault, ...more] = faults(`https://good.example ${entry}`)
    t.match(fault, words, entry)
    t.match(fault, /^ALLOWED_ORIGINS must be a list of origins: entry 2 /)
    t.notMatch(fault, /secret/, 'without the value')
    t.strictSame(more, [])
  }
  t.equal(faults('* null').length, 2, 'each entry by itself')
})

t.test('production accepts plain HTTP origins of this machine only', async (t) => {
  t.match(faults('http://a.example', 'production'), [/plain HTTP/])
  t.match(faults('ws://a.example', 'production'), [/plain HTTP/])
  t.match(faults('http://*.a.example', 'production'), [/plain HTTP/])
  const good = 'https://a.example http://localhost capacitor://localhost https://*.a.example'
  t.strictSame(faults(good, 'production'), [])
})
