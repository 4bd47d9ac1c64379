import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider from 'oidc-provider'
import t, { type Test } from 'tap'
import { edge } from '../fixtures/edge.ts'
import { externalIssuers, issuerEntry } from '../fixtures/external-issuer.ts'
import { newKey } from '../fixtures/issuer.ts'

const AUDIENCE = 'https://api.example'
const CLIENT = { client_id: 'robot', client_secret: 'a-secret-of-the-robot' }

/** A real OpenID provider. Its access tokens are JWTs for our audience. */
async function provider(t: Test) {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const key = newKey()
  const client = {
    ...CLIENT,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    scope: 'orders:read',
    id_token_signed_response_alg: 'ES256' as const
  }
  const oidc = new Provider(issuer, {
    clients: [client],
    scopes: ['orders:read'],
    jwks: {
      keys: [
        { ...key.privateKey.export({ format: 'jwk' }), kid: key.kid, alg: 'ES256', use: 'sig' }
      ]
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => AUDIENCE,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: 'orders:read',
          audience: AUDIENCE,
          accessTokenFormat: 'jwt' as const,
          jwt: { sign: { alg: 'ES256' as const } }
        })
      }
    }
  })
  server.on('request', oidc.callback())
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const token = async (): Promise<string> => {
    const answer = await fetch(`${issuer}/token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${btoa(`robot:${CLIENT.client_secret}`)}`
      },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'orders:read' })
    })
    const { access_token, ...rest } = (await answer.json()) as { access_token?: string }
    if (access_token === undefined) throw new Error(`no token: ${JSON.stringify(rest)}`)
    return access_token
  }
  return { issuer, token }
}

t.test('a token of an OpenID provider is accepted, with keys found by discovery', async (t) => {
  const { issuer, token } = await provider(t)
  const routes = `
  - { name: orders, prefix: /orders, upstream: service, scopes: [orders:read] }
`
  const acme = await externalIssuers(t, issuerEntry({ issuer, audience: AUDIENCE }))
  const gateway = await edge(t, { routes, issuers: acme })
  // The provider writes the current time.
  gateway.clock.advance(Date.now() - gateway.clock())
  const ask = (bearer: string) =>
    gateway.call('/orders', { headers: { authorization: `Bearer ${bearer}` } })
  t.equal((await ask(await token())).status, 200)
  t.match(gateway.upstream.received[0]?.headers, {
    'x-auth-subject': 'acme|robot',
    'x-auth-client': 'acme|robot',
    'x-auth-scope': 'orders:read',
    'x-auth-roles': ''
  })
  const other = await provider(t)
  t.equal((await ask(await other.token())).status, 401, 'another provider is not trusted')
})

t.test('metadata that name another issuer are refused', async (t) => {
  const { issuer } = await provider(t)
  const route = issuerEntry({
    issuer: 'https://acme.example',
    discoveryUrl: `${issuer}/.well-known/openid-configuration`
  })
  t.equal((await externalIssuers(t, route))[0]?.keys.loaded, false)
})
