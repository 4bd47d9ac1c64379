import t from 'tap'
import { edge } from '../../fixtures/edge.ts'
import { provoke, valuesOf } from '../fixtures/raw-request.ts'

t.test('a service gets its own Host, and no Host chooses the service', async (t) => {
  const gateway = await edge(t)
  for (const host of ['evil.example', '127.0.0.1:1', 'localhost', '[::1]:80', 'a.b.c:65535']) {
    const bytes = `GET /open HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`
    const { statuses, received } = await provoke(gateway, bytes)
    t.strictSame(statuses, [200], host)
    t.equal(
      received[0]?.headers.host,
      new URL(gateway.upstream.url).host,
      `${host} is not passed on`
    )
    t.strictSame(
      received.flatMap((request) => valuesOf(request, 'x-forwarded-host')),
      [host]
    )
  }
  for (const host of [
    '',
    'a b',
    'a, b',
    'a/b',
    'a@b',
    'a?b',
    'a#b',
    'a\\b',
    '<script>',
    'a\tb',
    'a:b',
    'a:1:2',
    'a:65536',
    'a:99999',
    '\xe9',
    'a"'
  ]) {
    const bytes = `GET /open HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`
    const { statuses, received } = await provoke(gateway, bytes)
    t.strictSame(statuses, [400], `${host}: no host at all (RFC 9112 §3.2)`)
    t.strictSame(received, [])
  }
})

t.test('with a list of hosts, no request for another host reaches a service', async (t) => {
  const gateway = await edge(t, { hosts: ['api.example', 'Other.example', '::1'] })
  const asked = async (host: string, method: string, ...lines: string[]) => {
    const head = [`${method} /open HTTP/1.1`, ...lines, 'Connection: close']
    if (host !== '') head.push(`Host: ${host}`)
    const { statuses, received } = await provoke(gateway, `${head.join('\r\n')}\r\n\r\n`)
    return [statuses, received.length]
  }
  for (const host of ['api.example', 'API.example:443', 'api.example.', 'other.example', '[::1]:1'])
    for (const method of ['GET', 'DELETE'])
      t.strictSame(await asked(host, method), [[200], 1], `${method} ${host}`)
  for (const host of ['evil.example', 'api.example.evil.example', 'xapi.example', '127.0.0.1', '1'])
    for (const method of ['GET', 'DELETE'])
      t.strictSame(await asked(host, method), [[400], 0], `${method} ${host}`)
  t.strictSame(await asked('evil.example', 'GET', 'X-Forwarded-Host: api.example'), [[400], 0])
})
