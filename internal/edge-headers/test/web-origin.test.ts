import {
  allowOriginsOf,
  canonicalOrigin,
  isLoopbackOrigin,
  isSameOrigin
} from '@gatehouse/edge-headers/web-origin'
import t from 'tap'

t.test('an origin has one canonical form, however it is written', async (t) => {
  const forms: Record<string, string> = {
    'https://app.example': 'https://app.example',
    'HTTPS://App.Example': 'https://app.example',
    'https://app.example:443': 'https://app.example',
    'http://app.example:80': 'http://app.example',
    'https://app.example:80': 'https://app.example:80',
    'https://app.example:8443': 'https://app.example:8443',
    'wss://app.example': 'https://app.example',
    'ws://app.example:80': 'http://app.example',
    'https://bücher.example': 'https://xn--bcher-kva.example',
    'http://[2001:DB8::0:1]:8080': 'http://[2001:db8::1]:8080',
    'https://app.example.': 'https://app.example.',
    'capacitor://localhost': 'capacitor://localhost',
    'TAURI://LocalHost': 'tauri://localhost',
    'chrome-extension://abcdefghijklmnop': 'chrome-extension://abcdefghijklmnop',
    'moz-extension://0e8b2a5c-1d2e-4f': 'moz-extension://0e8b2a5c-1d2e-4f',
    'ionic://localhost:8100': 'ionic://localhost:8100'
  }
  for (const [text, form] of Object.entries(forms)) t.equal(canonicalOrigin(text), form, text)
})

t.test('a text that is not an origin is read as no origin', async (t) => {
  for (const text of [
    '',
    'null',
    '*',
    'app.example',
    '//app.example',
    'https://',
    'https:app.example',
    'https://app.example/',
    'https://app.example/x',
    'https://app.example?x',
    'https://a#x',
    'https://user@app.example',
    'https://app.example\\x',
    'https://app.%65xample',
    'https://a b',
    ' https://a',
    'https://a\n',
    'https://a:65536',
    'https://a:x',
    'capacitor://',
    'capacitor://a/b',
    'capacitor://a:b',
    'javascript:1',
    '1a://b'
  ]) {
    t.equal(canonicalOrigin(text), null, JSON.stringify(text))
    t.notOk(isSameOrigin(text, text), `${JSON.stringify(text)} is not even its own`)
  }
})

t.test('origins are equal if scheme, host and port are', async (t) => {
  t.ok(isSameOrigin('https://shop.example', 'wss://SHOP.example:443'))
  for (const other of [
    'http://shop.example',
    'https://shop.example:8443',
    'https://shop.example.',
    'https://a.shop.example',
    'https://shop.example.evil.example',
    'capacitor://shop.example'
  ]) {
    t.notOk(isSameOrigin('https://shop.example', other), other)
  }
})

t.test('a list allows its origins, in any spelling, and no other', async (t) => {
  const allows = allowOriginsOf(['https://App.example:443', 'capacitor://localhost'])
  for (const origin of ['https://app.example', 'wss://app.example', 'capacitor://localhost']) {
    t.ok(allows(origin), origin)
  }
  for (const origin of [
    undefined,
    null,
    '',
    'null',
    '*',
    'http://app.example',
    'https://app.example.',
    'https://xapp.example',
    'https://app.example:8443',
    'ionic://localhost'
  ]) {
    t.notOk(allows(origin), String(origin))
  }
  t.notOk(allowOriginsOf([])('https://app.example'), 'an empty list allows none')
})

t.test('a star stands for one label', async (t) => {
  const allows = allowOriginsOf(['https://*.Preview.example', 'http://*.localhost:5173'])
  for (const origin of ['https://pr-1.preview.example', 'http://shop.localhost:5173']) {
    t.ok(allows(origin), origin)
  }
  for (const origin of [
    'https://preview.example',
    'https://.preview.example',
    'https://a.b.preview.example',
    'http://a.preview.example',
    'https://a.preview.example:8443',
    'https://apreview.example',
    'https://a.preview.example.',
    'https://a.preview.example.evil.example',
    'null',
    'https://evil.example/.preview.example',
    'https://*.evil.example'
  ]) {
    t.notOk(allows(origin), origin)
  }
  for (const entry of [
    '*',
    'https://*',
    'https://*.com',
    'https://a.*.example',
    'https://*.1.2.3'
  ]) {
    t.throws(() => allowOriginsOf([entry]), `${entry} would be too many`)
  }
})

t.test('an origin is of this machine by its host only', async (t) => {
  for (const origin of ['http://localhost:3000', 'http://a.localhost', 'http://127.0.0.1']) {
    t.ok(isLoopbackOrigin(origin), origin)
  }
  t.ok(isLoopbackOrigin('http://[::1]:80'))
  for (const origin of [undefined, 'null', 'http://localhost.example', 'http://127.example']) {
    t.notOk(isLoopbackOrigin(origin), String(origin))
  }
})

t.test('a text that is longer than an origin can be is not parsed', async (t) => {
  const longest = `${'a.'.repeat(126)}a.:65535`
  t.equal(canonicalOrigin(`https://${longest}`), `https://${longest}`)
  const parses = t.capture(URL, 'parse', URL.parse)
  for (const text of [
    'é'.repeat(8000),
    'é.'.repeat(4000),
    `xn--${'a'.repeat(8000)}`,
    `a${longest}`
  ]) {
    t.equal(canonicalOrigin(`https://${text}`), null, text.slice(0, 10))
  }
  t.strictSame(parses(), [])
})
