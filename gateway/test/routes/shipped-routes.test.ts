import { readFileSync } from 'node:fs'
import t from 'tap'
import { demandOf } from '../../src/routes/demand.ts'
import { servicePath, strippedPrefix } from '../../src/routes/service-path.ts'
import { loadRouteTable } from '../../src/routes/table/load-route-table.ts'

t.test('each shipped route is closed, or intentionally open', async (t) => {
  const { routes, match } = loadRouteTable('gateway/routes.yaml', {})
  const shipped = Object.fromEntries(
    routes.map(({ name, access, credentials }) => [name, [access, credentials]])
  )
  t.strictSame(shipped, {
    'auth-login': ['public', ['own-cookies']],
    'auth-pages': ['public', ['own-cookies']],
    'auth-refresh': ['public', ['own-cookies']],
    'auth-recovery': ['public', []],
    'auth-email': ['signed-in', []],
    'auth-factors': ['signed-in', []],
    'auth-account': ['signed-in', []],
    'auth-password': ['signed-in', ['own-cookies']],
    auth: ['signed-in', []],
    oauth: ['public', ['client-authentication']],
    'oauth-introspect': ['public', ['client-authentication']],
    'oauth-metadata': ['public', []],
    jwks: ['public', []],
    orders: ['signed-in', []],
    demo: ['public', []],
    echo: ['signed-in', []],
    'echo-public': ['public', []]
  })
  for (const [path, name] of Object.entries({
    '/auth/login': 'auth-login',
    '/auth/pages/sign-in': 'auth-pages',
    '/auth/logout': 'auth-refresh',
    '/auth/logout-all': 'auth',
    '/auth/me': 'auth',
    '/auth/password': 'auth-password',
    '/auth/password/forgot': 'auth-recovery',
    '/auth/password/reset': 'auth-recovery',
    '/auth/email': 'auth-email',
    '/auth/factors/one/confirm': 'auth-factors',
    '/auth/factors/passkeys/options': 'auth-factors',
    '/auth/identities': 'auth-factors',
    '/auth/identities/one': 'auth-factors',
    '/auth/account': 'auth-account',
    '/auth/account/export/events': 'auth-account',
    '/auth/login/factor': 'auth-login',
    '/auth/login/factor/enrol/passkey': 'auth-login',
    '/auth/login/passkey/options': 'auth-login',
    '/auth/login/providers': 'auth-login',
    '/auth/login/providers/one/callback': 'auth-login',
    '/auth/email/confirm': 'auth-recovery',
    '/auth/email/undo': 'auth-recovery',
    '/auth/email/verify': 'auth-recovery',
    '/auth/email/verify/send': 'auth-recovery',
    '/auth/sessions/one': 'auth',
    '/auth/step-up': 'auth',
    '/auth/step-up/passkey': 'auth',
    '/oauth/token': 'oauth',
    '/oauth/revoke': 'oauth',
    '/oauth/introspect': 'oauth-introspect',
    '/.well-known/oauth-authorization-server': 'oauth-metadata',
    '/orders/1': 'orders',
    '/demo/': 'demo',
    '/echo/publicX': 'echo',
    '/echo/public/x': 'echo-public'
  })) {
    t.equal(match(path)?.name, name, path)
  }
  const nobodys = [
    '/',
    '/ordersX',
    '/auth',
    '/auth/loginX',
    '/auth/oauth/token',
    '/auth/.well-known/jwks.json',
    '/.well-known',
    '/.well-known/jwks.jsonx',
    '/oauth',
    '/oauth/tokenX'
  ]
  for (const path of [...nobodys, '/internal']) {
    t.equal(match(path), null, `${path}: no route`)
  }
})

const TABLES = ['gateway/routes.yaml', 'infra/kubernetes/overlays/production/routes.yaml']

t.test('each operation that sets a cookie gets the cookies of the browser', async (t) => {
  const { paths } = JSON.parse(readFileSync('api/public.json', 'utf8'))
  const setsCookie = Object.keys(paths).filter((path) =>
    JSON.stringify(paths[path]).includes('"set-cookie"')
  )
  t.ok(setsCookie.includes('/auth/password') && setsCookie.includes('/auth/logout'))
  for (const file of TABLES) {
    const { match } = loadRouteTable(file, {})
    for (const path of setsCookie)
      t.strictSame(match(path)?.credentials, ['own-cookies'], `${file}: ${path}`)
  }
})

t.test('an account is changed, exported and deleted only after a recent login', async (t) => {
  for (const file of TABLES) {
    const { match } = loadRouteTable(file, {})
    const loginAge = (method: string, path: string) => {
      const route = match(path)
      const demanded = route === null ? null : demandOf(route, method)
      return demanded?.demands.map(({ maxLoginAgeSeconds }) => maxLoginAgeSeconds).at(-1)
    }
    for (const [method, path] of [
      ['POST', '/auth/email'],
      ['POST', '/auth/factors'],
      ['DELETE', '/auth/factors/one'],
      ['POST', '/auth/identities'],
      ['DELETE', '/auth/identities/one'],
      ['DELETE', '/auth/account'],
      ['GET', '/auth/account/export'],
      ['GET', '/auth/account/export/events']
    ] as const) {
      t.equal(loginAge(method, path), 900, `${file}: ${method} ${path}`)
    }
  }
})

t.test(
  'each path of the auth service is reached in exactly one way, the documented one',
  async (t) => {
    // A test of the auth service asserts that this page lists the same operations.
    const page = readFileSync(new URL('../../../docs/http.md', import.meta.url), 'utf8')
    const documented = [
      ...page.matchAll(/^\| `[A-Z]+ (\/(?:auth|oauth|\.well-known)\/[^`]+)` \|/gm)
    ].map(([, path = '']) => path.replaceAll(/\{\w+\}/g, 'x'))
    const { routes, match } = loadRouteTable('gateway/routes.yaml', {})
    const served = (path: string): string | null => {
      const route = match(path)
      return route?.upstream.name === 'auth' ? servicePath(route, path) : null
    }
    const prefixes = new Set(routes.map(strippedPrefix))
    for (const path of new Set(documented)) {
      const own = served(path)
      t.not(own, null, `${path} is served`)
      const ways = [...prefixes].map((prefix) => `${prefix}${own}`)
      t.strictSame(
        ways.filter((way) => served(way) === own),
        [path]
      )
    }
    t.ok(documented.includes('/oauth/token') && documented.includes('/auth/sessions/x'))
  }
)

t.test('every shipped route to the auth service has the audience that it expects', async (t) => {
  for (const file of TABLES) {
    const { routes } = loadRouteTable(file, {})
    const closed = routes.filter(
      ({ upstream, access }) => upstream.name === 'auth' && access === 'signed-in'
    )
    t.ok(closed.length >= 5, file)
    t.strictSame([...new Set(closed.map(({ audience }) => audience))], ['auth'], file)
  }
})
