import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import t, { type Test } from 'tap'
import { externalProfiles } from '../../src/issuers/external-profile.ts'
import { type IssuerType, issuersOf, issuerTypes } from '../../src/issuers/issuer-entry.ts'
import { loadIssuers } from '../../src/issuers/issuer-file.ts'
import { cloudTokens } from './fixtures/cloud-tokens.ts'
import { providerTokens } from './fixtures/provider-tokens.ts'

const examples = [...providerTokens, ...cloudTokens]

function load(t: Test, yaml: string) {
  const file = join(dataFolder(t), 'issuers.yaml')
  writeFileSync(file, yaml)
  return loadIssuers(file, 'https://own.example', {})
}
const written = (type: IssuerType, members: object) =>
  `issuers:\n  - ${JSON.stringify({ name: type, type, ...members })}\n`

t.test('each type of issuer accepts the access tokens of its documentation', async (t) => {
  t.strictSame([...new Set(examples.map(({ type }) => type))].sort(), [...issuerTypes].sort())
  for (const { type, title, entry, header, claims, identity, refused } of examples) {
    const [loaded] = load(t, written(type, entry))
    if (loaded === undefined) throw new Error('no entry')
    const profile = externalProfiles(loaded).find(({ issuer }) => issuer === claims.iss)
    t.equal(profile?.flawOfHeader(header), null, `${title}: header`)
    t.match(profile?.readClaims(claims), { identity }, title)
    for (const [other, changes] of Object.entries(refused)) {
      const without = { ...header, ...changes.header }
      const flaw =
        profile?.flawOfHeader(without) ?? profile?.readClaims({ ...claims, ...changes.claims })
      t.ok(typeof flaw === 'string' || (flaw !== undefined && 'flaw' in flaw), `${title}: ${other}`)
    }
  }
})

t.test('values of an entry override those of its type', async (t) => {
  const keycloak = { issuer: 'https://sso.example/realms/acme', audience: 'api' }
  const [changed] = load(
    t,
    written('keycloak', {
      ...keycloak,
      types: ['at+jwt'],
      require: { typ: 'DPoP', acr: '1' },
      claims: { roles: 'resource_access.api.roles', email: null }
    })
  )
  t.match(changed, {
    types: ['at+jwt'],
    require: { typ: 'DPoP', acr: '1' },
    claims: { client: 'azp', roles: 'resource_access.api.roles', email: null }
  })
  t.throws(() => load(t, written('keycloak', { ...keycloak, claims: 7 })), /settings/i)
  t.throws(() => load(t, written('keycloak', { issuer: 7, audience: 'api' })), /settings/i)
})

t.test('an Entra token must name its client if an ID token could have its audience', async (t) => {
  const requireOf = (issuer: string, audience: unknown) =>
    load(t, written('entra', { issuer, audience }))[0]?.require
  const id = 'EF1DA9D4-ff77-4c3e-a005-840c3f830745'
  const second = 'https://login.microsoftonline.com/common/v2.0'
  t.strictSame(requireOf(second, id), { azp: { present: true } })
  t.strictSame(requireOf(second, ['api://orders', id]), { azp: { present: true } })
  t.strictSame(requireOf(second, 'api://orders'), {})
  for (const host of ['sts.windows.net', 'sts.chinacloudapi.cn']) {
    t.strictSame(requireOf(`https://${host}/tenant/`, id), { appid: { present: true } }, host)
  }
})

t.test('roles of ZITADEL are those in the project that is the audience', async (t) => {
  const rolesOf = (audience: unknown) =>
    load(t, written('zitadel', { issuer: 'https://acme.zitadel.cloud', audience }))[0]?.claims.roles
  t.strictSame(rolesOf('42'), ['urn:zitadel:iam:org:project:42:roles'])
  t.strictSame(rolesOf(['42']), ['urn:zitadel:iam:org:project:42:roles'])
  t.equal(rolesOf(['42', '43']), undefined, 'the operator says of which project')
})

t.test('types chooses among the documented values of a type, or adds to them', async (t) => {
  const typesOf = (type: IssuerType, types?: unknown) =>
    load(t, written(type, { issuer: 'https://idp.example', audience: 'api', types }))[0]?.types
  t.strictSame(typesOf('cognito'), ['absent'])
  t.strictSame(typesOf('okta', ['at+jwt']), ['at+jwt'], 'its ID tokens have no typ')
  t.strictSame(typesOf('keycloak', ['at+jwt']), ['at+jwt'])
  t.strictSame(typesOf('keycloak', ['at+jwt', 'JWT']), ['at+jwt', 'JWT'])
  t.strictSame(typesOf('cognito', ['at+jwt', 'JWT']), ['at+jwt', 'JWT', 'absent'])
  t.strictSame(typesOf('okta', ['at+jwt', 'JWT']), ['at+jwt', 'JWT', 'absent'])
  t.strictSame(typesOf('google', ['absent']), ['absent', 'JWT'])
  t.throws(() => typesOf('okta', 'JWT'), /settings/i)
  t.throws(() => typesOf('okta', []), /settings/i)
})

t.test(
  'the keys of a type have the documented address, unless the entry names another',
  async (t) => {
    const keysOf = (type: IssuerType, members: object) => {
      const [entry] = load(t, written(type, { audience: 'api', ...members }))
      return { jwksUrl: entry?.jwksUrl, discoveryUrl: entry?.discoveryUrl }
    }
    const tenants = {
      issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0',
      tenants: ['one']
    }
    t.strictSame(keysOf('entra', tenants), {
      jwksUrl: undefined,
      discoveryUrl: 'https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration'
    })
    const jwksUrl = 'https://mirror.example/keys'
    t.strictSame(keysOf('entra', { ...tenants, jwksUrl }), { jwksUrl, discoveryUrl: undefined })
    t.strictSame(keysOf('supabase', { issuer: 'https://ref.supabase.co/auth/v1' }), {
      jwksUrl: 'https://ref.supabase.co/auth/v1/.well-known/jwks.json',
      discoveryUrl: undefined
    })
    t.strictSame(keysOf('okta', { issuer: 'https://acme.okta.com/oauth2/default' }), {
      jwksUrl: undefined,
      discoveryUrl: undefined
    })
  }
)

t.test('docs has a page for each type, and its entries load', async (t) => {
  for (const type of issuerTypes) {
    const page = readFileSync(new URL(`../../../docs/issuers/${type}.md`, import.meta.url), 'utf8')
    const entries = [...page.matchAll(/```yaml\n(issuers:\n[\s\S]*?)```/g)].map(([, yaml]) => yaml)
    t.ok(entries.length > 0, `${type}: an entry`)
    for (const yaml of entries) {
      const loaded = load(t, yaml ?? '')
      t.ok(loaded.flatMap(issuersOf).length > 0, type)
      t.ok(
        loaded.some((entry) => entry.type === type),
        `${type}: of this type`
      )
    }
  }
})
