import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import t from 'tap'
import type { LoginFlow } from '../../../src/providers/login-flow.ts'
import { openidProtocol } from '../../../src/providers/protocol/openid-protocol.ts'
import { boundedClient } from '../../../src/providers/protocol/provider-client.ts'
import { readProviders } from '../../../src/providers/provider-file.ts'

/*
 * openid-client compares the issuer of metadata and ID tokens with the configured one, but not for
 * hosts of Microsoft. These hosts are not ours, so the responses come from a replaced `fetch`.
 */

const { privateKey, publicKey } = await generateKeyPair('RS256')
const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }
const file = join(dataFolder(t), 'providers.json')
const flow: LoginFlow = {
  provider: 'one',
  state: 's'.repeat(43),
  nonce: 'n'.repeat(43),
  verifier: 'v'.repeat(43),
  returnTo: 'https://app.example/signed-in',
  codeChallenge: 'c'.repeat(43),
  expiresAt: 0
}

type Named = { readonly metadata: string; readonly token: string; readonly tid?: string }

/** The person who comes back from a provider with this issuer, whose host names these ones. */
async function person(issuer: string, { metadata, token, tid }: Named) {
  const responses: Record<string, () => Promise<object> | object> = {
    '/keys': () => ({ keys: [jwk] }),
    '/token': async () => {
      const claims = { iss: token, aud: 'gatehouse', sub: 'ada', nonce: flow.nonce, tid }
      const signed = new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'one' })
      const id_token = await signed.setIssuedAt().setExpirationTime('1m').sign(privateKey)
      return { access_token: 'at', token_type: 'Bearer', expires_in: 60, id_token }
    }
  }
  t.intercept(globalThis, 'fetch', {
    configurable: true,
    value: async (address: string) => {
      const { origin, pathname } = new URL(address)
      const found = await responses[pathname]?.()
      return Response.json(
        found ?? {
          issuer: metadata,
          authorization_endpoint: `${origin}/authorize`,
          token_endpoint: `${origin}/token`,
          jwks_uri: `${origin}/keys`,
          id_token_signing_alg_values_supported: ['RS256']
        }
      )
    }
  })
  writeFileSync(
    file,
    JSON.stringify({ providers: [{ id: 'one', name: 'One', issuer, clientId: 'gatehouse' }] })
  )
  const [entry] = readProviders({ AUTH_PROVIDERS_FILE: file })
  if (entry?.kind !== 'openid') throw new Error('the file has no such provider')
  const options = {
    redirectUri: 'https://issuer.example/auth/login/providers/one/callback',
    timeoutSeconds: 5,
    monotonicClock: () => 0
  }
  const client = boundedClient(openidProtocol(entry, options))
  return await client.identity(`code=c&state=${flow.state}`, flow, 0)
}

const google = 'https://accounts.google.com'
const tenants = 'https://login.microsoftonline.com'
const invalid = { name: 'ProviderFault', kind: 'invalid' }

t.test('metadata that name the issuer of another provider sign nobody in', async (t) => {
  for (const issuer of [`${tenants}/mine/v2.0`, 'https://mine.b2clogin.com/mine/v2.0']) {
    await t.rejects(person(issuer, { metadata: google, token: google }), invalid, issuer)
  }
})

t.test('an ID token of another tenant signs nobody in', async (t) => {
  const named = {
    metadata: `${tenants}/mine/v2.0`,
    token: `${tenants}/theirs/v2.0`,
    tid: 'theirs'
  }
  await t.rejects(person(`${tenants}/mine/v2.0`, named), invalid)
  const ours = { ...named, token: `${tenants}/mine/v2.0`, tid: 'mine' }
  t.match(await person(`${tenants}/mine/v2.0`, ours), { issuer: ours.token, subject: 'ada' })
})

t.test('an issuer with and without the slash of its host is one', async (t) => {
  const named = { metadata: 'https://idp.example/', token: 'https://idp.example/' }
  t.match(await person('https://idp.example', named), {
    issuer: 'https://idp.example',
    subject: 'ada'
  })
})
