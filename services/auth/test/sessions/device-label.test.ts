import { anyText } from '@gatehouse/fixtures/any-text'
import { runs } from '@gatehouse/fixtures/generated'
import fc from 'fast-check'
import t from 'tap'
import { deviceLabel } from '../../src/sessions/device-label.ts'
import { packedLabel, unpackedLabel } from '../../src/sessions/families/redis/packed-label.ts'

const agents: Record<string, string> = {
  'Firefox on Linux': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'Firefox on Android': 'Mozilla/5.0 (Android 16; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0',
  'Firefox on iPhone':
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/140.0 Mobile/15E148 Safari/605.1.15',
  'Chrome on Windows':
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
  'Chrome on ChromeOS':
    'Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
  'Edge on Windows':
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0',
  'Opera on macOS':
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36 OPR/120.0.0.0',
  'Samsung Internet on Android':
    'Mozilla/5.0 (Linux; Android 15; SM-S928B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36',
  'Safari on macOS':
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15',
  'Safari on iPad':
    'Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1',
  curl: 'curl/8.15.0',
  'python-requests': 'python-requests/2.32.5',
  'evil-example': 'evil.example/1.0',
  'unknown device': 'Mozilla/5.0'
}

t.test('a device is named as people name it', async (t) => {
  for (const [label, agent] of Object.entries(agents)) t.equal(deviceLabel(agent), label, label)
  t.equal(deviceLabel(undefined), 'unknown device', 'no user agent')
  t.equal(deviceLabel('<script>alert(1)</script>'), 'unknown device', 'not a user agent')
})

t.test('whatever the header says, the label is short and plain', async (t) => {
  const anyAgent = fc.oneof(
    anyText({ maxLength: 400 }),
    fc.constantFrom(...Object.values(agents)).map((agent) => `${agent} <b>\u202e</b>`)
  )
  const details = fc.check(
    fc.property(anyAgent, (agent) => /^[A-Za-z0-9 _-]{1,27}$/.test(deviceLabel(agent))),
    runs(2000)
  )
  t.equal(details.counterexample, null)
})

t.test('in Redis, the label of a browser takes three bytes', async (t) => {
  for (const agent of Object.values(agents)) {
    const label = deviceLabel(agent)
    const packed = packedLabel(label)
    t.equal(unpackedLabel(packed), label, label)
    t.equal(packed.length, label.includes(' on ') ? 3 : label.length)
  }
  t.equal(unpackedLabel('Firefox on Linux'), 'Firefox on Linux', 'as an earlier version stored it')
  t.equal(unpackedLabel(''), '', 'an ended session has none')
})
