import t from 'tap'
import { edge } from '../../fixtures/edge.ts'
import {
  ask,
  askAsEnvoy,
  askedFromHere,
  bearer,
  subrequest
} from '../../verify/fixtures/subrequest.ts'
import { isRefused, linesOf, nameOf } from '../fixtures/described-requests.ts'

const routes = `
  - { name: tenants, prefix: /tenants, upstream: service, tokenClaims: [tenant_id] }
  - { name: live, prefix: /live, upstream: service, access: public, websocket: true }
`

const gateway = await edge(t, { ...askedFromHere, routes })
const good = bearer(gateway.token())

const described = {
  'nginx, its parts': ['X-Original-Method', 'X-Original-URI', 'X-Original-Host'],
  'ingress-nginx, one URL': ['X-Original-Method', 'X-Original-URL'],
  'Traefik and Caddy': ['X-Forwarded-Method', 'X-Forwarded-Uri', 'X-Forwarded-Host']
}

const hop = ['X-Forwarded-Proto', 'X-Forwarded-For']

t.test('a description without one of its headers is refused', async (t) => {
  for (const [form, names] of Object.entries(described)) {
    // The scheme is in the URL as well.
    const needed = form.startsWith('ingress') ? ['X-Forwarded-For'] : hop
    t.equal((await subrequest(gateway, { lines: linesOf(form) })).status, 200, form)
    for (const name of [...names, ...needed]) {
      const rest = linesOf(form).filter((line) => nameOf(line) !== name)
      isRefused(t, await subrequest(gateway, { lines: rest }), `${form} without ${name}`)
      const empty = [...rest, `${name}:`]
      isRefused(t, await subrequest(gateway, { lines: empty }), `${form} with an empty ${name}`)
    }
  }
  isRefused(t, await subrequest(gateway, { lines: [] }), 'no description')
})

t.test('a header of the description that a client adds is refused, in any spelling', async (t) => {
  // Traefik GHSA-5m6w-wvh7-57vm: X_Forwarded_Proto reached the authentication service.
  for (const [form, names] of Object.entries(described)) {
    for (const name of [...names, 'X-Forwarded-Proto']) {
      const value = linesOf(form).find((line) => nameOf(line) === name) ?? ''
      const others = [name.replaceAll('-', '_'), name.replace('-', '_'), name.replaceAll('-', '.')]
      for (const other of [name, ...others]) {
        const added = value.replace(name, other)
        const before = await subrequest(gateway, { lines: [added, ...linesOf(form)] })
        isRefused(t, before, `${form}: ${other} before`)
        const after = await subrequest(gateway, { lines: [...linesOf(form), added] })
        isRefused(t, after, `${form}: ${other} after`)
      }
    }
  }
})

t.test('two kinds of description are refused, whatever they say', async (t) => {
  // oauth2-proxy CVE-2026-40575: X-Forwarded-Uri of a client chose the rule.
  for (const [form, names] of Object.entries(described)) {
    const own = linesOf(form)
    const foreign = Object.keys(described)
      .flatMap(linesOf)
      .filter((line) => !names.includes(nameOf(line)) && /-(Method|UR[IL]|Host):/i.test(line))
    for (const line of foreign.filter((one) => nameOf(one) !== 'X-Forwarded-Host')) {
      isRefused(t, await subrequest(gateway, { lines: [...own, line] }), `${form} with ${line}`)
    }
  }
  const other = ['X-Forwarded-Host: evil.example']
  for (const form of ['nginx, its parts', 'ingress-nginx, one URL']) {
    isRefused(t, await ask(gateway, { target: '/open' }, other, form), `${form}: another host`)
  }
  const scheme = linesOf('ingress-nginx, one URL').map((line) =>
    line.replace('Proto: https', 'Proto: http')
  )
  isRefused(t, await subrequest(gateway, { lines: scheme }), 'another scheme')
})

t.test('the form of Envoy takes no description from headers', async (t) => {
  t.equal((await askAsEnvoy(gateway, { target: '/open' })).status, 200)
  for (const line of Object.keys(described).flatMap(linesOf)) {
    if (!/-(Method|UR[IL]):|Original-Host:/.test(line)) continue
    isRefused(t, await askAsEnvoy(gateway, { target: '/closed' }, [line]), line)
  }
  const foreign = ['X-Forwarded-Host: evil.example']
  isRefused(t, await askAsEnvoy(gateway, { target: '/open' }, foreign), 'another host')
  for (const target of ['/../open', '//open', '/closed/../open', '/%2e%2e/verify']) {
    t.equal((await askAsEnvoy(gateway, { target }, good)).status, 400, target)
  }
  const other = { path: '/verifyx', lines: linesOf('Traefik and Caddy') }
  t.equal((await subrequest(gateway, other)).status, 404, 'another path')
})

t.test('no header changes the method that was decided on', async (t) => {
  const names = ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override', 'X_HTTP_Method']
  for (const name of [...names, 'X-Rewrite-URL', 'x_rewrite_url']) {
    const answer = await ask(gateway, { method: 'POST', target: '/closed' }, [
      ...good,
      `${name}: X`
    ])
    isRefused(t, answer, name)
  }
  for (const method of ['get', 'Get', 'GET,POST', 'GET, POST', 'TRACE', 'CONNECT', 'X', 'GET X']) {
    const answer = await ask(gateway, { method, target: '/closed' }, good)
    t.equal(answer.status, 405, method)
  }
})

t.test('a client cannot have the description removed (Traefik CVE-2024-45410)', async (t) => {
  for (const name of ['x-forwarded-method', 'x-forwarded-uri', 'authorization']) {
    const lines = [`Connection: close, ${name}`]
    t.equal((await ask(gateway, { target: '/closed' }, lines)).status, 401, name)
  }
})
