import t from 'tap'
import { externalProfile } from '../../src/issuers/external-profile.ts'
import type { IssuerRow } from '../../src/issuers/issuer-file.ts'
import { issuerRow } from '../fixtures/external-issuer.ts'

const least = { iss: 'https://acme.example', sub: 'ada', aud: 'api', exp: 2000, iat: 1000 }
const read = (claims: object, row: Partial<IssuerRow> = {}) =>
  externalProfile(issuerRow(row)).readClaims({ ...least, ...claims })

t.test(
  'its subjects and clients are put behind its name, and its sessions are not ours',
  async (t) => {
    t.strictSame(read({ client_id: 'app', sid: 'session-1', roles: ['admin'], email: 'a@b' }), {
      identity: {
        ...{ subject: 'acme|ada', session: null, client: 'acme|app', roles: [], scope: [] },
        ...{ email: null, expiresAt: 2000 }
      },
      ...{ issuedAt: 1000, notBefore: 1000, authenticatedAt: null }
    })
  }
)

t.test(
  'what it says of roles, scope, client and mail is found where the operator says',
  async (t) => {
    const claims = { scope: 'scp', roles: 'realm_access.roles', client: 'appid', email: 'upn' }
    const said = {
      ...{ scp: ['read', 'write'], realm_access: { roles: ['admin'] }, appid: 'app' },
      ...{ upn: 'ada@acme.example', nbf: 999, auth_time: 500 }
    }
    t.match(read(said, { claims }), {
      identity: {
        ...{ roles: ['admin'], scope: ['read', 'write'], client: 'acme|app' },
        email: 'ada@acme.example'
      },
      ...{ notBefore: 999, authenticatedAt: 500 }
    })
    t.match(read({ scp: 'read write' }, { claims }), {
      identity: { roles: [], scope: ['read', 'write'], client: 'acme|', email: null }
    })
    t.match(read({ azp: 'app' }), { identity: { client: 'acme|app' } })
  }
)

t.test(
  'claims that are missing, of another kind, or for another audience are refused',
  async (t) => {
    const claims = { roles: 'groups', email: 'email' }
    const wrong: Record<string, object> = {
      'no sub': { sub: undefined },
      'an empty sub': { sub: '' },
      'no exp': { exp: undefined },
      'exp as a text': { exp: '2000' },
      'no iat': { iat: undefined },
      'another audience': { aud: 'other' },
      'no audience': { aud: [] },
      'roles of objects': { groups: [{ name: 'admin' }] },
      'roles as an object': { groups: { admin: true } },
      'roles without a name': { groups: [''] },
      'a scope that is a number': { scope: 7 },
      'a mail that is a list': { email: ['a@b'] },
      'a client that is an object': { client_id: {} }
    }
    for (const [title, changes] of Object.entries(wrong)) {
      t.match(read(changes, { claims }), { flaw: /./ }, title)
    }
    t.notMatch(read({ aud: ['other', 'api'] }), { flaw: /./ }, 'ours among others')
  }
)

t.test(
  'only the types that the operator takes, and no header that would change the rules',
  async (t) => {
    const flaw = (header: object, types: IssuerRow['types'] = ['at+jwt']) =>
      externalProfile(issuerRow({ types })).flawOfHeader({ alg: 'ES256', kid: 'a', ...header })
    for (const typ of ['at+jwt', 'AT+JWT', 'application/at+jwt']) t.equal(flaw({ typ }), null, typ)
    for (const typ of ['JWT', undefined, 'id+jwt', 7, '']) t.ok(flaw({ typ }), String(typ))
    for (const member of ['jku', 'jwk', 'x5u', 'x5c', 'x5t', 'x5t#S256', 'nonce']) {
      t.equal(flaw({ typ: 'at+jwt', [member]: 'x' }), null, `${member} is not read`)
    }
    for (const member of ['crit', 'b64', 'zip', 'enc']) {
      t.ok(flaw({ typ: 'at+jwt', [member]: 'x' }), member)
    }
    for (const cty of ['JWT', 'jwt', 'application/jwt', 'at+jwt']) {
      t.ok(flaw({ typ: 'at+jwt', cty }), `another token inside: ${cty}`)
    }
    t.equal(flaw({ typ: 'at+jwt', cty: 'json' }), null)
  }
)
