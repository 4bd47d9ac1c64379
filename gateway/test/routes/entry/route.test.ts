import t from 'tap'
import { readRouteTable } from '../../../src/routes/table/load-route-table.ts'
import { faultsOf, service, tableFile } from '../fixtures/table-file.ts'

t.test('claims of the token are a list, or a map from header to claim', async (t) => {
  const claimsOf = (tokenClaims: string) =>
    readRouteTable(
      tableFile(service, `{ name: a, prefix: /a, upstream: service, tokenClaims: ${tokenClaims} }`),
      {}
    ).routes[0]?.tokenClaims
  t.strictSame(claimsOf('[tenant_id, Plan]'), [
    { name: 'tenant-id', header: 'x-auth-claim-tenant-id', path: ['tenant_id'] },
    { name: 'plan', header: 'x-auth-claim-plan', path: ['Plan'] }
  ])
  t.strictSame(claimsOf('{ tenant: "https://a/b", unit: [org, "unit.id"] }'), [
    { name: 'tenant', header: 'x-auth-claim-tenant', path: 'https://a/b' },
    { name: 'unit', header: 'x-auth-claim-unit', path: ['org', 'unit.id'] }
  ])
  t.strictSame(claimsOf('[]'), [])
  t.strictSame(claimsOf('[], forward: { x-auth-tenant: a, x-auth-claim-unit: [b] }'), [
    { name: 'tenant', header: 'x-auth-tenant', path: 'a' },
    { name: 'unit', header: 'x-auth-claim-unit', path: ['b'] }
  ])
  t.strictSame(claimsOf('[Plan], forward: { x-auth-claim-plan: Plan }')?.length, 2, 'one value')
})

t.test(
  'a method can have its own access, and an anonymous caller cannot be required to have rights',
  async (t) => {
    const wrong: Record<string, [route: string, fault: RegExp]> = {
      'optional with roles': [
        'access: optional, roles: [admin]',
        /optional access cannot require scopes/
      ],
      'optional with a login': [
        'access: optional, maxLoginAgeSeconds: 1',
        /optional access cannot require a login/
      ],
      'optional with an authentication class': [
        'access: optional, acrValues: [aal2]',
        /optional access cannot require acrValues/
      ],
      'a class that would break its header': ['acrValues: ["a b"]', /authentication class/],
      'a public method of a route with scopes': [
        'scopes: [read], methods: { GET: { access: public } }',
        /GET with public access cannot require scopes/
      ],
      'an optional method with scopes': [
        'methods: { GET: { access: optional, scopes: [read] } }',
        /GET with optional access cannot require scopes/
      ],
      'Authorization of signed-in requests': [
        'credentials: [authorization]',
        /authorization is allowed only with access: public/
      ],
      'Authorization of who may be signed in': [
        'access: optional, credentials: [authorization]',
        /authorization is allowed only with access: public/
      ],
      'a method in small letters': ['methods: { propfind: {} }', /methods/],
      'a method that connects': ['methods: { CONNECT: {} }', /methods/],
      'claims where every method is public': [
        'tokenClaims: [tenant], methods: { GET: { access: public } }',
        /a public route cannot forward claims/
      ]
    }
    for (const [title, [words, fault]] of Object.entries(wrong)) {
      const faults = faultsOf(
        tableFile(service, `{ name: a, prefix: /a, upstream: service, ${words} }`)
      )
      t.match(faults.join('\n'), fault, title)
      t.equal(faults.filter((one) => /cannot require scopes/.test(one)).length < 2, true, title)
    }
    for (const access of [
      'optional',
      'signed-in, methods: { GET: { access: public }, POST: {} }'
    ]) {
      t.match(
        faultsOf(
          tableFile(service, `{ name: a, prefix: /, upstream: service, access: ${access} }`)
        ),
        [/with the prefix \/ would open every path/]
      )
    }
    const right = [
      'access: public, methods: { GET: {}, POST: { access: signed-in, scopes: [write] } }',
      'methods: { GET: { access: optional }, PUT: { roles: [admin] } }, limit: { max: 1, windowSeconds: 1, by: subject }',
      'credentials: [authorization], methods: { GET: { access: public }, POST: {} }',
      'methods: { GET: {}, PROPFIND: {}, MKCOL: {}, LOCK: {} }'
    ]
    for (const words of right) {
      t.strictSame(
        faultsOf(tableFile(service, `{ name: a, prefix: /a, upstream: service, ${words} }`)),
        [],
        words
      )
    }
  }
)
