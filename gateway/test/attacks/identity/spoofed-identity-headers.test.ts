import { identityHeader } from '@gatehouse/edge-headers/names'
import t from 'tap'
import { edge } from '../../fixtures/edge.ts'
import { head, provoke, valuesOf } from '../fixtures/raw-request.ts'

// oauth2-proxy CVE-2025-64484 and Caddy GHSA-7r4p-vjf4-gxv4: a proxy removes `X-Auth-Subject` but
// passes `x_auth_subject`, and a service that folds both names reads the value of the client.

const identityNames: string[] = Object.values(identityHeader)

/** Every spelling of a name that some server reads as that name. */
const spellingsOf = (name: string) => [
  name,
  name.toUpperCase(),
  name.replace(/\b[a-z]/g, (letter) => letter.toUpperCase()),
  name.replaceAll('-', '_'),
  name.replaceAll('-', '_').toUpperCase(),
  name.replaceAll('-', '.'),
  name.replaceAll('-', '~'),
  name.replaceAll('-', '!'),
  name.replace('-', '_'),
  name.replace(/-(?=[a-z]+$)/, '_'),
  name.replace('-', '.').toUpperCase(),
  `${name}.`,
  `${name}_`,
  `${name}-`
]
const spellings = [...identityNames, 'x-auth-anything', 'x-auth-', 'x-auth-subject-2'].flatMap(
  spellingsOf
)

const forged = ({ rawHeaders }: { rawHeaders: readonly string[] }) =>
  rawHeaders.filter((text) => text.includes('evil'))

t.test('no spelling of an identity header passes, on a signed-in or a public route', async (t) => {
  const gateway = await edge(t)
  const bearer = `Authorization: Bearer ${gateway.token()}`
  for (const spelling of spellings) {
    for (const path of ['/open', '/closed', '/auth/login']) {
      const lines = [`${spelling}: evil`, bearer, `${spelling}:evil-2`]
      const { statuses, received } = await provoke(gateway, head(`GET ${path} HTTP/1.1`, ...lines))
      t.strictSame(statuses, [200], `${spelling} at ${path}`)
      const [request] = received
      if (request === undefined) throw new Error('nothing was forwarded')
      t.strictSame(forged(request), [], `${spelling} at ${path} does not reach the service`)
      for (const name of identityNames) {
        const values = valuesOf(request, name)
        t.equal(values.length, path === '/closed' ? 1 : 0, `${name} at ${path}`)
      }
    }
  }
})

t.test('the gateway reads its own headers in one spelling only', async (t) => {
  const gateway = await edge(t)
  for (const name of ['content-length', 'content-type', 'sec-fetch-site', 'x-request-id']) {
    for (const between of ['_', '.', '~']) {
      const spelling = name.replaceAll('-', between)
      const lines = [`${spelling}: evil`, 'Content-Length: 0']
      const { statuses, received } = await provoke(gateway, head('POST /open HTTP/1.1', ...lines))
      t.strictSame([statuses, received.flatMap(forged)], [[200], []], spelling)
    }
  }
})

t.test('a name that only looks like an identity header is refused', async (t) => {
  const gateway = await edge(t)
  const bearer = `Authorization: Bearer ${gateway.token()}`
  for (const line of [
    'x-auth-subject : evil',
    'x-auth-subject\t: evil',
    ' x-auth-subject: evil',
    '\tx-auth-subject: evil',
    'x-auth-subject\0: evil',
    'x-auth-subject\r: evil',
    'x-auth subject: evil',
    'x-auth-subject;: evil',
    '\xa0x-auth-subject: evil',
    'x-auth-sub\xadject: evil',
    '"x-auth-subject": evil',
    ':x-auth-subject: evil',
    'x-other: a\rx-auth-subject: evil',
    'x-other: a\0\r\nx-auth-subject: evil'
  ]) {
    const { statuses, received } = await provoke(
      gateway,
      head('GET /closed HTTP/1.1', bearer, line)
    )
    // The line with a space in front continues the previous line (obs-fold), so it belongs to that
    // line's value.
    t.strictSame(statuses, [400], JSON.stringify(line))
    t.strictSame(received, [], `${JSON.stringify(line)}: nothing is forwarded`)
  }
})

t.test('trailers of a chunked request are not forwarded', async (t) => {
  const gateway = await edge(t)
  const trailers: string[] = []
  gateway.upstream.answer = (request, response) => {
    trailers.push(...request.rawTrailers)
    response.end()
  }
  const lines = ['Transfer-Encoding: chunked', 'Trailer: x-auth-subject, x-other']
  for (const [path, ...more] of [
    ['/open'],
    ['/closed', `Authorization: Bearer ${gateway.token()}`]
  ]) {
    const body =
      '2\r\nok\r\n0\r\nx-auth-subject: evil\r\nX_Auth_Roles: evil\r\nx-other: evil\r\n\r\n'
    const bytes = `${head(`POST ${path} HTTP/1.1`, ...lines, ...more)}${body}`
    const { statuses, received } = await provoke(gateway, bytes)
    t.strictSame(statuses, [200])
    t.match(received, [{ body: 'ok' }], 'the body arrives')
    t.strictSame(received.flatMap(forged), [], 'not as headers')
  }
  t.strictSame(trailers, [], 'nor as trailers')
})

t.test('the gateway’s headers arrive exactly once, whatever the client sends', async (t) => {
  const gateway = await edge(t)
  const names = [...identityNames, 'x-request-id', 'traceparent', 'x-forwarded-for', 'host']
  const spoofed = names
    .filter((name) => name !== 'host')
    .flatMap((name) => [`${name}: evil,`, `${name}: evil`])
  const bearer = `Authorization: Bearer ${gateway.token()}`
  const { received } = await provoke(gateway, head('GET /closed HTTP/1.1', bearer, ...spoofed))
  const [request] = received
  if (request === undefined) throw new Error('nothing was forwarded')
  for (const name of names) t.equal(valuesOf(request, name).length, 1, name)
  t.strictSame(forged(request), [])
})
