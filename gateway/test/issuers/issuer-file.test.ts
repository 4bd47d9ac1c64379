import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import type { SettingsFault } from '@gatehouse/settings/read-settings'
import t, { type Test } from 'tap'
import { loadIssuers } from '../../src/issuers/issuer-file.ts'

function load(t: Test, yaml: string) {
  const file = join(dataFolder(t), 'issuers.yaml')
  writeFileSync(file, yaml)
  return loadIssuers(file, 'https://own.example', {})
}
const faults = (t: Test, ...entries: string[]): string => {
  try {
    load(t, `issuers:\n${entries.map((entry) => `  - { ${entry} }\n`).join('')}`)
    return ''
  } catch (error) {
    return (error as SettingsFault).faults.join('\n')
  }
}
const entry = 'name: acme, issuer: https://acme.example, audience: api'

t.test('an issuer needs a name, an issuer and an audience; all else has defaults', async (t) => {
  t.strictSame(load(t, `issuers:\n  - { ${entry} }\n`), [
    {
      name: 'acme',
      issuer: 'https://acme.example',
      audience: 'api',
      insecureKeys: false,
      types: ['at+jwt'],
      clockSkewSeconds: 5,
      require: {},
      unverifiedEmail: false,
      claims: {}
    }
  ])
})

t.test('a variable in the issuer file is one of the environment', async (t) => {
  const file = join(dataFolder(t), 'issuers.yaml')
  const audience = (environment: Record<string, string>) =>
    loadIssuers(file, 'https://own.example', environment)[0]?.audience
  writeFileSync(file, `issuers:\n  - { ${entry.replace('api', `'\${API:-orders-dev}'`)} }\n`)
  t.equal(audience({ API: 'orders' }), 'orders')
  t.equal(audience({}), 'orders-dev')
  writeFileSync(file, `issuers:\n  - { ${entry.replace('api', `'\${API}'`)} }\n`)
  t.throws(() => audience({}), { message: /issuers\.yaml:2:\d+: the variable API is not set/ })
})

t.test('the rules of an entry for its tokens are read, and faulty ones are named', async (t) => {
  const more = [
    'audience: [mobile, api]',
    'types: [at+jwt, JWT, absent]',
    'clockSkewSeconds: 60',
    'require: { token_use: access, tier: [1, 2], live: true, jti: { present: true } }',
    "claims: { roles: 'https://acme.example/roles', client: [app, id], scope: null }"
  ]
  for (const word of more)
    t.equal(
      faults(
        t,
        `${entry.replace(', audience: api', '')}, ${word}${word.startsWith('audience') ? '' : ', audience: api'}`
      ),
      '',
      word
    )
  t.match(faults(t, `${entry}, clockSkewSeconds: 3600`), /issuer acme: clockSkewSeconds/)
  t.match(faults(t, `${entry}, claims: { role: x }`), /claims.role is not known \(nearest: roles\)/)
  t.match(faults(t, `${entry}, claims: { roles: [] }`), /issuer acme: claims.roles/)
  t.match(faults(t, `${entry}, require: { a: null }`), /issuer acme: require.a/)
  t.match(faults(t, `${entry}, require: { a: { present: false } }`), /issuer acme: require.a/)
})

t.test('audienceClaim is claims.audience, and the two must not differ', async (t) => {
  const claimsOf = (words: string) => load(t, `issuers:\n  - { ${entry}, ${words} }\n`)[0]?.claims
  t.strictSame(claimsOf('audienceClaim: client_id'), { audience: 'client_id' })
  t.strictSame(claimsOf('audienceClaim: client_id, claims: { roles: groups }'), {
    audience: 'client_id',
    roles: 'groups'
  })
  t.match(claimsOf('type: cognito, audienceClaim: aud'), { audience: 'aud' })
  t.strictSame(claimsOf('audienceClaim: [a], claims: { audience: a }'), { audience: 'a' })
  t.match(
    faults(t, `${entry}, audienceClaim: client_id, claims: { audience: app_id }`),
    /issuer acme: audienceClaim and claims.audience name different claims/
  )
  t.match(faults(t, `${entry}, audienceClaim: 7`), /audienceClaim must be the name of a claim/)
  t.match(faults(t, `${entry}, audienceClaims: a`), /nearest: audienceClaim/)
})

t.test('forward maps headers that begin with x-auth- to claims', async (t) => {
  const forward = (words: string) => faults(t, `${entry}, forward: { ${words} }`)
  t.equal(forward("x-auth-tenant: tenant_id, x-auth-claim-unit: [org, 'unit.id']"), '')
  const taken = ['x-auth-subject', 'x-auth-roles', 'x-auth-assertion', 'x-auth-gateway']
  for (const header of [...taken, 'x-tenant', 'X-Auth-Tenant', 'x-auth-', 'x-auth-a_b', 'host']) {
    t.match(
      forward(`${header}: a`),
      /is not allowed as a name, which must be a header that begins with x-auth-/,
      header
    )
  }
  t.match(forward('x-auth-tenant: 7'), /forward.x-auth-tenant must be the name of a claim/)
  t.match(
    forward('x-auth-tenant: a, x-auth-claim-tenant: b'),
    /x-auth-tenant and x-auth-claim-tenant contain different claims/
  )
})

t.test('a file with a fault is not used, and every fault is reported', async (t) => {
  t.match(
    faults(t, `${entry}, extra: 1`),
    /issuers\.yaml:2:\d+: issuer acme: extra is not known; allowed: name, type/
  )
  t.match(faults(t, 'name: acme'), /issuer acme: issuer is missing/)
  t.match(faults(t, `${entry}, types: [id+jwt]`), /issuer acme: types/)
  t.match(faults(t, entry, entry), /the name is used twice\n.*is already the issuer of/)
  t.match(
    faults(t, 'name: own, issuer: https://own.example, audience: a'),
    /is already the issuer of/
  )
  for (const url of ['http://acme.example/jwks', 'file:///etc/passwd', 'acme']) {
    t.match(faults(t, `${entry}, jwksUrl: '${url}'`), /not an https address/, url)
    t.match(faults(t, `${entry}, discoveryUrl: '${url}'`), /not an https address/, url)
  }
  t.equal(faults(t, `${entry}, jwksUrl: 'http://127.0.0.1:1/jwks'`), '', 'on this machine')
  t.match(
    faults(t, `${entry}, jwksUrl: 'https://a/b', discoveryUrl: 'https://a/b'`),
    /set only one of jwksUrl and discoveryUrl/
  )
  t.throws(() => loadIssuers('nowhere.yaml', '', {}), { name: 'SettingsFault', message: /nowhere/ })
})

t.test(
  'keys come over plain HTTP only if the operator says so, and only from a web address',
  async (t) => {
    const inside = `${entry}, jwksUrl: 'http://keycloak.sso.svc:8080/certs'`
    t.match(faults(t, inside), /insecureKeys: true/)
    t.notMatch(faults(t, inside.replace('http://', 'http://user:secret@')), 'secret')
    t.equal(faults(t, `${inside}, insecureKeys: true`), '')
    t.match(faults(t, `${inside}, insecureKeys: yes please`), /insecureKeys/)
    t.match(faults(t, `${entry}, jwksUrl: 'ftp://a/b', insecureKeys: true`), /not an https address/)
  }
)

t.test('tenants must be a list, and the issuer must contain {tenantid}', async (t) => {
  const issuer = "name: entra, issuer: 'https://login.example/{tenantid}/v2.0', audience: api"
  const keys = "jwksUrl: 'https://login.example/keys'"
  t.equal(faults(t, `${issuer}, ${keys}, tenants: [one, two]`), '')
  t.match(
    faults(t, `${issuer}, ${keys}`),
    /needs a list of the tenants/,
    'a pattern would be anybody’s'
  )
  for (const place of ['{tenant}', '{tenantId}', '{']) {
    const other = `name: entra, issuer: 'https://login.example/${place}', audience: api`
    t.match(faults(t, `${other}, ${keys}, tenants: [one]`), /the only one is {tenantid}/)
    t.match(faults(t, `${other}, ${keys}`), /the only one is {tenantid}/, place)
  }
  t.match(faults(t, `${issuer}, ${keys}, tenants: []`), /tenants/)
  t.match(faults(t, `${issuer}, ${keys}, tenants: ['a/b']`), /tenants/, 'one segment each')
  t.match(faults(t, `${issuer}, ${keys}, tenants: ['*']`), /tenants/)
  t.match(faults(t, `${issuer}, tenants: [one]`), /for the key set of all/)
  t.match(faults(t, `${entry}, ${keys}, tenants: [one]`), /must contain {tenantid} exactly once/)
  t.match(faults(t, `${issuer}, ${keys}, tenants: [one, one]`), /is already the issuer of/)
})
