import { decodeJwt } from 'jose'
import t, { type Test } from 'tap'
import type { IssuerEntry } from '../../src/issuers/issuer-entry.ts'
import { edge } from '../fixtures/edge.ts'
import { externalIssuers, issuerEntry } from '../fixtures/external-issuer.ts'
import { forAlgorithm, type IssuerKey, issuer, jwt, newKey } from '../fixtures/issuer.ts'

/** An issuer that signs with this key, and publishes the key with these changes. */
type Other = { key: IssuerKey; entry?: Partial<IssuerEntry>; published?: object }

/** One gateway that trusts all of them, each by its name. */
async function trusting(t: Test, others: Record<string, Other>) {
  const sets = Object.entries(others).map(async ([name, { key, entry, published }]) => {
    const set = await issuer(t, [{ ...key, jwk: { ...key.jwk, ...published } }])
    const made = issuerEntry({
      name,
      issuer: `https://${name}.example`,
      jwksUrl: set.url,
      ...entry
    })
    return externalIssuers(t, made)
  })
  const gateway = await edge(t, { issuers: (await Promise.all(sets)).flat() })
  const now = gateway.clock() / 1000
  const ask = async (name: string, header: object = {}, claims: object = {}) => {
    const key = others[name]?.key ?? newKey()
    const good = {
      iss: `https://${name}.example`,
      aud: 'api',
      sub: 'ada',
      iat: now,
      exp: now + 300
    }
    const token = jwt(
      { alg: key.algorithm, typ: 'at+jwt', kid: key.kid, ...header },
      { ...good, ...claims },
      key
    )
    const answer = await gateway.call('/closed', { headers: { authorization: `Bearer ${token}` } })
    return answer.status
  }
  return { gateway, now, ask }
}

t.test('tokens in the form of other issuers are accepted', async (t) => {
  const rsa = newKey('RS256', 'rsa')
  const { ask, now, gateway } = await trusting(t, {
    silent: { key: rsa, published: { use: undefined, alg: undefined } },
    pss: { key: forAlgorithm(rsa, 'PS256', 'pss') },
    edwards: { key: newKey('EdDSA'), published: { alg: 'Ed25519' } },
    wide: { key: newKey('ES512') },
    ahead: { key: newKey(), entry: { clockSkewSeconds: 60 } },
    typeless: { key: newKey(), entry: { types: ['absent'], claims: { audience: 'client_id' } } }
  })
  t.equal(await ask('silent'), 200, 'a key set with neither use nor alg')
  t.equal(await ask('silent', { kid: undefined }), 200, 'no kid, and one key')
  t.equal(
    await ask('silent', { jku: 'https://evil.example', x5c: ['MIIB'] }),
    200,
    'never followed'
  )
  t.equal(await ask('pss'), 200, 'PS256')
  t.equal(await ask('pss', { alg: 'RS256' }), 401, 'the key decides the algorithm')
  t.equal(await ask('edwards'), 200, 'EdDSA by a key for Ed25519')
  t.equal(await ask('edwards', { alg: 'Ed25519' }), 200, 'Ed25519')
  t.equal(await ask('wide'), 200, 'ES512')
  const early = { iat: now + 20, nbf: now + 20 }
  t.equal(await ask('ahead', {}, early), 200, 'a clock that is ahead')
  t.equal(await ask('silent', {}, early), 401, 'but not that of another issuer')
  t.equal(await ask('ahead', {}, { exp: now - 50 }), 200, 'nor behind')
  t.equal(await ask('ahead', {}, { exp: now - 60 }), 401)
  t.equal(
    await ask('silent', {}, { iat: now - 0.5, exp: now + 300.25 }),
    200,
    'times with fractions'
  )
  t.equal(await ask('typeless', { typ: undefined }, { aud: undefined, client_id: 'api' }), 200)
  t.equal(await ask('typeless', {}, { client_id: 'api' }), 401, 'types are as the operator says')
  const groups = Array.from({ length: 230 }, (_, at) => `${at}-aaaa-bbbb-cccc-0123456789ab`)
  t.equal(await ask('silent', {}, { groups }), 200, 'a token of 10 kB')
  t.ok(gateway.upstream.received.every(({ headers }) => headers['x-auth-roles'] === ''))
})

t.test('a token without a kid is refused if two keys fit', async (t) => {
  const keys = [newKey('ES256', 'one'), newKey('ES256', 'two')]
  const set = await issuer(t, keys)
  const trusted = await externalIssuers(t, issuerEntry({ jwksUrl: set.url }))
  const gateway = await edge(t, { issuers: trusted })
  const now = gateway.clock() / 1000
  const claims = { iss: 'https://acme.example', aud: 'api', sub: 'ada', exp: now + 300 }
  for (const key of keys) {
    for (const [kid, status] of [
      [key.kid, 200],
      [undefined, 401]
    ] as const) {
      const token = jwt({ alg: 'ES256', typ: 'at+jwt', kid }, claims, key)
      const headers = { authorization: `Bearer ${token}` }
      t.equal((await gateway.call('/closed', { headers })).status, status, `${kid}`)
    }
  }
})

t.test('tenants share a key set, and nothing else', async (t) => {
  const key = newKey()
  const own = newKey('ES256', 'of-one')
  const set = await issuer(t, [
    { ...key, jwk: { ...key.jwk, issuer: 'https://login.example/{tenantid}/v2.0' } },
    { ...own, jwk: { ...own.jwk, issuer: 'https://login.example/one/v2.0' } }
  ])
  const entry = issuerEntry({
    issuer: 'https://login.example/{tenantid}/v2.0',
    tenants: ['one', 'two'],
    jwksUrl: set.url
  })
  const gateway = await edge(t, { issuers: await externalIssuers(t, entry) })
  const now = gateway.clock() / 1000
  const ask = async (iss: string, by = key) => {
    const claims = { iss, aud: 'api', sub: 'ada', iat: now, exp: now + 300 }
    const token = jwt({ alg: 'ES256', typ: 'at+jwt', kid: by.kid }, claims, by)
    const answer = await gateway.call('/closed', { headers: { authorization: `Bearer ${token}` } })
    return answer.status === 200
      ? gateway.upstream.received.at(-1)?.headers['x-auth-subject']
      : answer.status
  }
  t.equal(await ask('https://login.example/one/v2.0'), 'acme|one|ada')
  t.equal(await ask('https://login.example/two/v2.0'), 'acme|two|ada')
  for (const tenant of ['three', '{tenantid}', '', 'one/../two', 'ONE', '*']) {
    t.equal(await ask(`https://login.example/${tenant}/v2.0`), 401, tenant)
  }
  t.equal(await ask('https://login.example/one/v2.0', own), 'acme|one|ada')
  t.equal(await ask('https://login.example/two/v2.0', own), 401, 'a key of tenant one')
})

t.test('a claim that a route names reaches its service, for tokens of any issuer', async (t) => {
  const key = newKey()
  const set = await issuer(t, [key])
  const gateway = await edge(t, {
    issuers: await externalIssuers(
      t,
      issuerEntry({
        jwksUrl: set.url,
        claims: { roles: 'groups' },
        forward: { 'x-auth-plan': 'plan', 'x-auth-claim-tenant': 'plan' }
      })
    ),
    routes: `
  - { name: tenants, prefix: /tenants, upstream: service, tokenClaims: { tenant: tenant_id } }
  - { name: worded, prefix: /worded, upstream: service, forward: { x-auth-tenant: tenant_id } }
  - { name: slim, prefix: /slim, upstream: service, claims: [subject], tokenClaims: [tenant_id] }
`
  })
  const now = gateway.clock() / 1000
  const acme = (claims: object) => {
    const good = { iss: 'https://acme.example', aud: 'api', sub: 'ada', iat: now, exp: now + 300 }
    return jwt(
      { alg: 'ES256', typ: 'at+jwt', kid: key.kid },
      { ...good, tenant_id: 'Zoë', ...claims },
      key
    )
  }
  const ask = async (path: string, token: string, headers: Record<string, string> = {}) => {
    const answer = await gateway.call(path, {
      headers: { ...headers, authorization: `Bearer ${token}` }
    })
    const received = gateway.upstream.received.at(-1)?.headers ?? {}
    return { status: answer.status, problem: answer.ok ? null : await answer.json(), received }
  }
  for (const [issued, token] of Object.entries({
    ours: gateway.token({ tenant_id: 'Zoë' }),
    another: acme({})
  })) {
    const { received } = await ask('/tenants', token, { 'x-auth-claim-tenant': 'evil' })
    t.equal(received['x-auth-claim-tenant'], 'Zo%C3%AB', issued)
    t.match(decodeJwt(String(received['x-auth-assertion'])).claims, { tenant: 'Zoë' }, issued)
    const worded = await ask('/worded', token, { 'x-auth-tenant': 'evil' })
    t.equal(worded.received['x-auth-tenant'], 'Zo%C3%AB', `${issued}, in a header of another name`)
    t.match(decodeJwt(String(worded.received['x-auth-assertion'])).claims, { tenant: 'Zoë' })
  }
  const gold = acme({ plan: 'gold' })
  const said = async (path: string, token: string) => {
    const { received } = await ask(path, token, { 'x-auth-plan': 'evil' })
    const { claims } = decodeJwt(String(received['x-auth-assertion']))
    return [received['x-auth-plan'], received['x-auth-claim-tenant'], claims]
  }
  t.strictSame(await said('/closed', gold), ['gold', 'gold', { plan: 'gold', tenant: 'gold' }])
  t.strictSame(
    await said('/tenants', gold),
    ['gold', 'Zo%C3%AB', { plan: 'gold', tenant: 'Zoë' }],
    'the claim of the route counts'
  )
  t.strictSame(
    await said('/tenants', acme({ plan: 'gold', tenant_id: undefined })),
    ['gold', undefined, { plan: 'gold' }],
    'also if the token does not have it'
  )
  const ours = gateway.token({ plan: 'gold' })
  t.strictSame(
    await said('/closed', ours),
    [undefined, undefined, undefined],
    'of this issuer only'
  )
  const without = await ask('/tenants', gateway.token(), { X_Auth_Claim_Tenant: 'evil' })
  t.notOk('x-auth-claim-tenant' in without.received, 'a token that has none says nothing')
  t.notMatch(JSON.stringify(without.received), /evil/)
  t.strictSame(decodeJwt(String(without.received['x-auth-assertion'])).claims, {})

  const groups = Array.from({ length: 120 }, (_, at) => `team-with-a-rather-long-name-in-the-${at}`)
  const slim = await ask('/slim', acme({ groups }))
  t.equal(slim.status, 200, 'a member of 120 groups, where no role is forwarded')
  t.equal(slim.received['x-auth-claim-tenant-id'], 'Zo%C3%AB')
  const whole = await ask('/tenants', acme({ groups }))
  t.equal(whole.status, 431, 'and where they are')
  t.match(whole.problem, { code: 'INVALID_REQUEST', detail: /x-auth-roles has/, retryable: false })
})
