import type { ServerResponse } from 'node:http'
import { type Behaviour, fakeProvider } from '@gatehouse/fixtures/fake-provider'
import { decodeJwt, UnsecuredJWT } from 'jose'
import t from 'tap'
import {
  authWithProviders,
  begin,
  callback,
  returned,
  signInWith
} from '../../fixtures/providers/provider-login.ts'

const ada = { sub: 'ada', email: 'ada@example.com', email_verified: true }
const now = Math.floor(Date.now() / 1000)

t.test('a forged ID token signs nobody in', async (t) => {
  const provider = await fakeProvider(t)
  const auth = await authWithProviders(t, [{ id: 'acme', issuer: provider.issuer }])
  const login = async (behaviour: Behaviour) => {
    provider.behave(behaviour)
    const { location, browser } = await begin(auth, 'acme')
    const query = provider.authorize(location, ada)
    return returned(await callback(auth, 'acme', query, browser))
  }
  const unsigned = (token: string) => new UnsecuredJWT(decodeJwt(token)).encode()
  const stripped = (token: string) => `${token.split('.').slice(0, 2).join('.')}.`
  const forgeries: Readonly<Record<string, Behaviour>> = {
    'with another nonce': { claims: { nonce: 'of another login' } },
    'without a nonce': { claims: { nonce: undefined } },
    'for another client': { claims: { aud: 'another' } },
    'for several clients, without azp': { claims: { aud: ['gatehouse', 'another'] } },
    'for several clients, with the azp of another': {
      claims: { aud: ['gatehouse', 'another'], azp: 'another' }
    },
    'of another issuer': { claims: { iss: 'https://accounts.google.com' } },
    'with an issuer that only looks the same': { claims: { iss: `${provider.issuer}/` } },
    'that has expired': { claims: { iat: now - 1000, exp: now - 700 } },
    'that never expires': { claims: { exp: undefined } },
    'without a subject': { claims: { sub: undefined } },
    'with an empty subject': { claims: { sub: '' } },
    'with a subject that is no text': { claims: { sub: 7 } },
    'with a subject that is too long': { claims: { sub: 'x'.repeat(256) } },
    'signed with another key': { otherKey: true },
    'with alg none': { idToken: unsigned },
    'without its signature': { idToken: stripped },
    'that is no JWT': { idToken: () => 'x' },
    'that is missing': { idToken: () => undefined }
  }
  for (const [title, behaviour] of Object.entries(forgeries)) {
    t.strictSame(await login(behaviour), { error: 'invalid', provider: 'acme' }, title)
  }
  t.type((await login({})).code, 'string', 'an honest one does')
  const count = await auth.registry.getSingleMetricAsString('auth_provider_logins_total')
  t.match(count, `provider="acme",outcome="invalid"} ${Object.keys(forgeries).length}`)
})

const endless = (response: ServerResponse): void => {
  response.writeHead(200, { 'content-type': 'application/json' })
  const pour = (): void => {
    while (!response.destroyed && response.write('[1,'.repeat(10_000)));
    if (!response.destroyed) response.once('drain', pour)
  }
  response.write('{"keys":')
  pour()
}
const never = (): void => {}
const redirect = (response: ServerResponse): void => {
  response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()
}
const broken = (response: ServerResponse): void => {
  response.writeHead(200, { 'content-type': 'application/json' }).write('{"ke')
  response.destroy()
}
const down = (response: ServerResponse): void => {
  response.writeHead(503, { 'content-type': 'text/html' }).end('<h1>down</h1>')
}

t.test('a provider that fails delays its own logins, by seconds', async (t) => {
  const faults = { endless, never, broken, down, redirect }
  const logins = Object.entries(faults).flatMap(([fault, handle]) =>
    ['/.well-known/openid-configuration', '/token', '/jwks'].map(async (path) => {
      const provider = await fakeProvider(t)
      const auth = await authWithProviders(t, [{ id: 'acme', issuer: provider.issuer }])
      const behaviour = { paths: { [path]: handle } }
      const kind = fault === 'redirect' ? 'invalid' : 'unavailable'
      const expected = { error: kind, provider: 'acme' }
      provider.behave(path.includes('openid') ? behaviour : {})
      const { location, browser } = await begin(auth, 'acme')
      if (path.includes('openid')) {
        const [, fragment = ''] = location.split('#')
        t.strictSame(
          Object.fromEntries(new URLSearchParams(fragment)),
          expected,
          `${fault} ${path}`
        )
      } else {
        provider.behave(behaviour)
        const query = provider.authorize(location, ada)
        const answer = await callback(auth, 'acme', query, browser)
        t.strictSame(returned(answer), expected, `${fault} ${path}`)
      }
      provider.behave({})
      t.equal((await signInWith(auth, 'acme', provider, ada)).statusCode, 200, 'then it works')
    })
  )
  await Promise.all(logins)
})

t.test('a response of a provider that is too large is not read', async (t) => {
  const provider = await fakeProvider(t)
  const auth = await authWithProviders(t, [{ id: 'acme', issuer: provider.issuer }])
  provider.behave({ metadata: { padding: 'x'.repeat(512 * 1024) } })
  t.match((await begin(auth, 'acme')).location, '#error=unavailable')
})

t.test(
  'metadata that name another issuer, or an address that is not secure, are refused',
  async (t) => {
    const other = await fakeProvider(t)
    const bad = [
      ['issuer', other.issuer],
      ['authorization_endpoint', 'javascript:alert(1)'],
      ['authorization_endpoint', 'http://192.0.2.1/authorize'],
      ['token_endpoint', 'http://192.0.2.1/token'],
      ['jwks_uri', 'file:///etc/passwd']
    ] as const
    for (const [member, value] of bad) {
      const provider = await fakeProvider(t)
      const auth = await authWithProviders(t, [{ id: 'acme', issuer: provider.issuer }])
      provider.behave({ metadata: { [member]: value } })
      const { location, browser } = await begin(auth, 'acme')
      if (location.startsWith('https://app.example/')) {
        t.match(location, '#error=invalid', member)
        continue
      }
      const query = provider.authorize(location, ada)
      t.match(returned(await callback(auth, 'acme', query, browser)), { error: 'invalid' }, member)
    }
  }
)
