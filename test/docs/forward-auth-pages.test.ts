import t from 'tap'
import { parse } from 'yaml'
import { blocksOf } from './fixtures/documented-blocks.ts'
import { pathsOfAuth } from './fixtures/paths-of-auth.ts'

// Traefik and Envoy run in no test. So these tests read what their pages say about logins. The real
// programs of the other pages forward logins in test/journeys/forward-auth.test.ts.

const others = [
  '/',
  '/orders',
  '/authors',
  '/authx/login',
  '/x/auth/login',
  '/oauthx',
  '/.well-known/x'
]

const yamlOf = (page: string) => parse(blocksOf(`docs/forward-auth/${page}.md`, 'yaml').join(''))

t.test('Traefik, as its page configures it, sends logins to the gateway', async (t) => {
  const { routers, middlewares, services } = yamlOf('traefik').http
  for (const { service, middlewares: names = [] } of Object.values<Router>(routers)) {
    t.ok(services[service], `there is a service ${service}`)
    for (const name of names) t.ok(middlewares[name], `there is a middleware ${name}`)
  }
  const { rule, middlewares: asking } = routers.gatehouse as Router
  t.equal(asking, undefined, 'without a question to the gateway')
  t.ok(rule.length > routers.orders.rule.length, 'Traefik tries the longer rule first')
  const exact = [...rule.matchAll(/ Path\(`([^`]+)`\)/g)].map(([, path = '']) => path)
  const prefixes = [...rule.matchAll(/PathPrefix\(`([^`]+)`\)/g)].map(([, path = '']) => path)
  const matches = (path: string) =>
    exact.includes(path) || prefixes.some((prefix) => path.startsWith(prefix))
  for (const path of pathsOfAuth) t.ok(matches(path), path)
  for (const path of others) t.notOk(matches(path), path)
})

type Router = {
  readonly rule: string
  readonly service: string
  readonly middlewares?: readonly string[]
}

t.test('Envoy, as its page configures it, sends logins to the gateway', async (t) => {
  const { route_config: routes, http_filters: filters } = yamlOf('envoy')
  const [logins, rest, more] = routes.virtual_hosts[0].routes
  t.equal(more, undefined)
  // A pattern of Envoy matches the whole path.
  const pattern = new RegExp(`^(?:${logins.match.safe_regex.regex})$`)
  for (const path of pathsOfAuth) t.match(path, pattern)
  for (const path of others) t.notMatch(path, pattern)
  t.equal(logins.route.cluster, 'gatehouse')
  const [asking] = filters
  t.strictSame(Object.keys(logins.typed_per_filter_config), [asking.name], 'without a question')
  t.strictSame(
    rest,
    { match: { prefix: '/' }, route: { cluster: 'orders' } },
    'others are asked about'
  )
})
