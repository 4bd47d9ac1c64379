import t, { type Test } from 'tap'
import { edge } from '../../fixtures/edge.ts'
import { externalIssuers, issuerEntry } from '../../fixtures/external-issuer.ts'
import {
  AUDIENCE,
  goodClaims,
  headerOf,
  ISSUER,
  issuer,
  jwt,
  newKey
} from '../../fixtures/issuer.ts'
import { isRefusedTwice } from '../fixtures/is-refused.ts'

const ACME = 'https://acme.example'

/** A gateway that trusts two issuers, whose keys have the same kid. */
async function two(t: Test) {
  const acmeKey = newKey('ES256', 'one')
  const acmeKeys = await issuer(t, [acmeKey])
  const route = issuerEntry({ issuer: ACME, jwksUrl: acmeKeys.url, claims: { roles: 'roles' } })
  const key = newKey('ES256', 'one')
  const gateway = await edge(t, { key, issuers: await externalIssuers(t, route) })
  const claims = { ...goodClaims(gateway.clock()), iss: ACME, aud: 'api', sub: 'user-1' }
  const acme = (changes: object = {}, by = acmeKey, header: object = {}) =>
    jwt({ ...headerOf(by), ...header }, { ...claims, ...changes }, by)
  return { gateway, key, acmeKey, acmeKeys, acme }
}

t.test('an issuer’s token is accepted, and its subjects carry its name', async (t) => {
  const { gateway, acme } = await two(t)
  const token = acme({ sid: 'session-1', client_id: 'gatehouse' })
  const answer = await gateway.call('/closed', { headers: { authorization: `Bearer ${token}` } })
  t.equal(answer.status, 200)
  const { headers } = gateway.upstream.received[0] ?? {}
  t.match(headers, { 'x-auth-subject': 'acme|user-1', 'x-auth-client': 'acme|gatehouse' })
  t.notOk(headers && 'x-auth-session' in headers, 'its session is not one of ours')
  gateway.log.revoke({ kind: 'session', id: 'session-1', until: 2_000_000_000 })
  while (gateway.revoked.size === 0) await new Promise((resolve) => setImmediate(resolve))
  const again = await gateway.call('/closed', { headers: { authorization: `Bearer ${token}` } })
  t.equal(again.status, 200, 'and ours that has its name does not end it')
})

t.test('no issuer signs for another, whatever the kid', async (t) => {
  const { gateway, key, acmeKey, acme } = await two(t)
  const ours = { ...goodClaims(gateway.clock()) }
  await isRefusedTwice(t, gateway, jwt(headerOf(acmeKey), ours, acmeKey), 'acme for us')
  await isRefusedTwice(t, gateway, acme({}, key), 'we for acme')
  await isRefusedTwice(t, gateway, acme({ aud: AUDIENCE }), 'our audience from acme')
  await isRefusedTwice(t, gateway, gateway.token({ aud: 'api' }), 'acme’s audience from us')
})

t.test('the issuer must match character by character', async (t) => {
  const { gateway, acme } = await two(t)
  const variants: unknown[] = [
    `${ACME}/`,
    `${ACME}.evil.example`,
    ACME.toUpperCase(),
    'acme.example',
    ` ${ACME}`,
    [ACME],
    [ACME, ISSUER],
    { iss: ACME },
    null,
    '',
    'constructor',
    '__proto__'
  ]
  for (const iss of variants) {
    await isRefusedTwice(t, gateway, acme({ iss }), JSON.stringify(iss))
  }
})

t.test('an ID token is refused', async (t) => {
  const { gateway, acme } = await two(t)
  await isRefusedTwice(t, gateway, acme({}, undefined, { typ: 'JWT' }), 'typ JWT')
  await isRefusedTwice(t, gateway, acme({}, undefined, { typ: undefined }), 'no typ')
  await isRefusedTwice(t, gateway, acme({ aud: 'client-1' }), 'for a client')
})

t.test(
  'a withdrawn key of one issuer verifies nothing, and the keys of the other issuer still do',
  async (t) => {
    const { gateway, acmeKeys, acme } = await two(t)
    const status = async (token: string) =>
      (await gateway.call('/closed', { headers: { authorization: `Bearer ${token}` } })).status
    const token = acme()
    t.equal(await status(token), 200)
    acmeKeys.keys = [newKey()]
    await gateway.issuers.find(ACME)?.keys.refresh()
    t.equal(await status(token), 401, 'remembered or not')
    t.equal(await status(gateway.token()), 200)
  }
)
