import t from 'tap'
import type { Route } from '../../src/routes/entry/route.ts'
import { readRouteTable } from '../../src/routes/table/load-route-table.ts'
import { forwardedIdentity as forwardedWith } from '../../src/stages/stamp/forwarded-identity.ts'
import type { VerifiedToken } from '../../src/tokens/verified-token.ts'
import { jwt, newKey } from '../fixtures/issuer.ts'
import { ada, countedAssertions } from '../fixtures/stamped.ts'

const key = newKey()
const bearer = (claims: object) => `Bearer ${jwt({ alg: 'ES256' }, claims, key)}`
const routeOf = (members: string) => {
  const [route] = readRouteTable(
    `
upstreams: { service: 'http://service' }
routes: [{ name: one, prefix: /one, upstream: service, ${members} }]
`,
    {}
  ).routes
  if (route === undefined) throw new Error('there is one route')
  return route
}
const { namedClaims } = countedAssertions()
/** The identity, with the values of the claims that the assertion gets. */
const forwardedIdentity = (token: VerifiedToken, route: Route, authorization: string) => {
  const { identity, claims } = forwardedWith(token, route, authorization, namedClaims)
  return { identity, claims: claims?.values() }
}
const like = (identity: object, changes: Partial<VerifiedToken> = {}): VerifiedToken => ({
  ...ada,
  ...changes,
  identity: { ...ada.identity, ...identity }
})

t.test('a claim that a route names is one header, or absent if the token has none', async (t) => {
  const claims = {
    tenant_id: 'acme',
    level: 7,
    'https://acme.example/org': { unit: 'é' },
    nothing: null,
    app: { 'org.unit': ['a,b', 'c'] }
  }
  const listed = forwardedIdentity(
    ada,
    routeOf('claims: [subject], tokenClaims: [tenant_id, level, nothing, absent]'),
    bearer(claims)
  )
  t.strictSame(listed, {
    identity: {
      'x-auth-subject': 'user-1',
      'x-auth-claim-tenant-id': 'acme',
      'x-auth-claim-level': '7'
    },
    claims: { 'tenant-id': 'acme', level: 7 }
  })
  const named = routeOf(
    "claims: [], tokenClaims: { org: 'https://acme.example/org', units: [app, org.unit], x: app.org.unit, y: [app] }"
  )
  t.strictSame(forwardedIdentity(like({}), named, bearer(claims)), {
    identity: {
      'x-auth-claim-org': '{"unit":"%C3%A9"}',
      'x-auth-claim-units': 'a%2Cb,c',
      'x-auth-claim-x': 'a%2Cb,c',
      'x-auth-claim-y': '{"org.unit":["a,b","c"]}'
    },
    claims: {
      org: { unit: 'é' },
      units: ['a,b', 'c'],
      x: ['a,b', 'c'],
      y: { 'org.unit': ['a,b', 'c'] }
    }
  })
})

t.test('the claims of a remembered token are read once per route and table', async (t) => {
  const token = like({})
  const authorization = bearer({ tenant: 'acme', tier: 1 })
  const route = routeOf('tokenClaims: [tenant]')
  const names = (of: Route) => forwardedWith(token, of, authorization, namedClaims).claims?.names
  t.equal(names(route), names(route))
  const { tokenClaims } = route
  const read = namedClaims.headersOf(token, tokenClaims, authorization)
  t.equal(namedClaims.headersOf(token, tokenClaims, authorization), read, 'the very same')
  t.strictSame(forwardedIdentity(token, routeOf('tokenClaims: [tier]'), authorization).claims, {
    tier: 1
  })
  t.equal(forwardedIdentity(token, routeOf(''), authorization).claims, undefined)
})

t.test(
  'parts of the identity that a route does not name do not count towards the limit',
  async (t) => {
    const groups = Array.from({ length: 300 }, (_, at) => `team-with-a-rather-long-name-${at}`)
    const refused = { name: 'Refusal', code: 'INVALID_REQUEST', status: 431 }
    for (const [issuerName, refusal] of [
      ['acme', refused],
      [null, { name: 'Refusal', code: 'INTERNAL', status: 500 }]
    ] as const) {
      const member = like({ roles: groups }, { issuerName })
      const forward = (members: string, authorization = bearer({})) =>
        forwardedIdentity(member, routeOf(members), authorization)
      t.match(forward('claims: [subject, email]').identity, { 'x-auth-subject': 'user-1' })
      t.strictSame(forward('claims: [session]').identity, { 'x-auth-session': 'session-1' })
      t.throws(() => forward(''), refusal, 'everything')
      t.throws(() => forward('claims: [roles]'), refusal)
      t.throws(() => forward('claims: [subject, assertion]'), refusal, 'it says the roles, too')
      const large = bearer({ bio: 'x'.repeat(4000) })
      t.throws(
        () => forward('claims: [subject], tokenClaims: { bio: bio, more: bio }', large),
        refusal
      )
      t.ok(forward('claims: [subject], tokenClaims: [bio]', large))
    }
    t.throws(
      () => forwardedIdentity(like({ roles: groups }, { issuerName: 'acme' }), routeOf(''), ''),
      { name: 'Refusal', detail: /too large to forward: .* x-auth-roles has \d+$/ },
      'the response names the part that is too large'
    )
  }
)

t.test('an assertion header that only a claim makes too large is refused', async (t) => {
  const route = routeOf('claims: [assertion], tokenClaims: [bio]')
  t.ok(forwardedIdentity(ada, route, bearer({ bio: 'x'.repeat(3000) })))
  t.throws(() => forwardedIdentity(like({}), route, bearer({ bio: 'x'.repeat(4000) })), {
    code: 'INTERNAL'
  })
})
