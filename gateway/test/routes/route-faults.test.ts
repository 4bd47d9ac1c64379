import t from 'tap'
import { readRouteTable } from '../../src/routes/table/load-route-table.ts'
import { faultsOf, service, tableFile } from './fixtures/table-file.ts'

t.test('the fault of a route has its position', async (t) => {
  const wrong: Record<string, [route: string, fault: RegExp]> = {
    name: [
      '{ name: A b, prefix: /a, upstream: service }',
      /^routes\.yaml:3:13: route A b: name must be a string of lower-case letters, digits and -$/
    ],
    audience: [
      '{ name: a, audience: My Shop, prefix: /a, upstream: service }',
      /audience must be a string of lower-case letters/
    ],
    'an empty audience': ['{ name: a, audience: "", prefix: /a, upstream: service }', /audience/],
    prefix: [
      '{ name: a, prefix: a, upstream: service }',
      /^routes\.yaml:3:24: route a: prefix must be a path such as \/orders/
    ],
    'no prefix': [
      '{ name: a, prefix: [], upstream: service }',
      /route a: prefix must be a list of 1/
    ],
    'a prefix with a query': ['{ name: a, prefix: "/a?x", upstream: service }', /prefix/],
    'a prefix with an encoding': ['{ name: a, prefix: "/%61", upstream: service }', /prefix/],
    'a prefix of dots': ['{ name: a, prefix: /.., upstream: service }', /not a canonical path/],
    upstream: ['{ name: a, prefix: /a }', /upstream/],
    'an inherited upstream': [
      '{ name: a, prefix: /a, upstream: constructor }',
      /upstream constructor is not known; allowed: service$/
    ],
    scopes: ['{ name: a, prefix: /a, upstream: service, scopes: read }', /scopes/],
    roles: ['{ name: a, prefix: /a, upstream: service, roles: [""] }', /roles/],
    credentials: [
      '{ name: a, prefix: /a, upstream: service, credentials: [password] }',
      /credentials/
    ],
    'a negative size': [
      '{ name: a, prefix: /a, upstream: service, bodyLimitBytes: -1 }',
      /bodyLimit/
    ],
    'half a limit': ['{ name: a, prefix: /a, upstream: service, limit: { max: 1 } }', /limit/],
    'no requests at all': [
      '{ name: a, prefix: /a, upstream: service, limit: { max: 0, windowSeconds: 1 } }',
      /limit/
    ],
    'a prefix that is half a segment of what is taken off': [
      '{ name: a, prefix: /authX, upstream: service, stripPrefix: /auth }',
      /does not begin with stripPrefix/
    ],
    'public with scopes': [
      '{ name: a, prefix: /a, upstream: service, access: public, scopes: [read] }',
      /cannot require/
    ],
    'public with claims of a token': [
      '{ name: a, prefix: /a, upstream: service, access: public, tokenClaims: [tenant] }',
      /a public route cannot forward claims/
    ],
    'a claim that would be no header': [
      '{ name: a, prefix: /a, upstream: service, tokenClaims: ["https://a/b"] }',
      /tokenClaims/
    ],
    'a header in capitals': [
      '{ name: a, prefix: /a, upstream: service, tokenClaims: { Tenant: tid } }',
      /tokenClaims/
    ],
    'public with headers from a token': [
      '{ name: a, prefix: /a, upstream: service, access: public, forward: { x-auth-tenant: a } }',
      /routes.yaml:3:.*a public route cannot forward claims/
    ],
    'a claim that is not a part of the identity': [
      '{ name: a, prefix: /a, upstream: service, claims: [subject, tenant_id] }',
      /claims.1 must be one of subject, .* \(other claims of the token: tokenClaims or forward\)/
    ],
    'a header of the gateway itself': [
      '{ name: a, prefix: /a, upstream: service, forward: { x-auth-roles: groups } }',
      /forward.x-auth-roles is not allowed as a name, which must be a header that begins with x-auth-/
    ],
    'two spellings that differ': [
      '{ name: a, prefix: /a, upstream: service, tokenClaims: [tenant], forward: { x-auth-claim-tenant: tid } }',
      /two claims are named x-auth-claim-tenant/
    ],
    'two spellings of cors that differ': [
      '{ name: a, prefix: /a, upstream: service, cors: { maxAge: 1, maxAgeSeconds: 2 } }',
      /cors.maxAge is another spelling of cors.maxAgeSeconds/
    ],
    'two claims of one name': [
      '{ name: a, prefix: /a, upstream: service, tokenClaims: [tenant_id, Tenant-ID] }',
      /two claims are named x-auth-claim-tenant-id/
    ]
  }
  for (const [title, [text, fault]] of Object.entries(wrong)) {
    t.match(faultsOf(tableFile(service, text)).join('\n'), fault, title)
    t.throws(() => readRouteTable(tableFile(service, text), {}), title)
  }
})
