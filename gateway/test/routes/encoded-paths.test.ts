import t from 'tap'
import { routedEdge } from './fixtures/routed-edge.ts'

const routes = `
  - { name: git, prefix: /git, upstream: service, access: public, encodedSlashes: pass }
  - { name: inner, prefix: /git/inner, upstream: service }
  - { name: wiki, prefix: /wiki, upstream: service, access: public, encodedDelimiters: pass }
  - { name: scoped, prefix: ["/@scope", "/v1/jobs:run"], upstream: service, access: public }
`
const { send } = await routedEdge(t, { routes })

t.test('an encoded slash passes unchanged, and reaches no other route', async (t) => {
  for (const path of ['/git/group%2Fname', '/git/api/queues/%2F/jobs?x=%2F', '/git/a%2fb/c']) {
    for (const method of ['GET', 'POST']) {
      const { statuses, received } = await send(`${method} ${path} HTTP/1.1`, ['Content-Length: 0'])
      t.strictSame([statuses, received.map(({ target }) => target)], [[200], [path]])
    }
  }
  for (const path of [
    '/git%2Finner/x',
    '/git/%2Finner',
    '/git/inner%2Fx',
    '/git/x/%2e%2e%2Finner',
    '/git/..%2Finner',
    '/git/INNER%2fx',
    '/git/x;y%2F..%2Finner',
    '/git/inner%2F',
    '/open/a%2Fb',
    '/git/%2F%2E%2E/x'
  ]) {
    const { statuses, received } = await send(`GET ${path} HTTP/1.1`)
    t.notOk(statuses.includes(200), path)
    t.strictSame(received, [], path)
  }
})

t.test('other encoded delimiters pass unchanged', async (t) => {
  for (const path of ['/wiki/100%25', '/wiki/C%23', '/wiki/what%3F?x', '/wiki/a%3Bb']) {
    for (const method of ['GET', 'POST']) {
      const { statuses, received } = await send(`${method} ${path} HTTP/1.1`, ['Content-Length: 0'])
      t.strictSame([statuses, received.map(({ target }) => target)], [[200], [path]])
    }
  }
  for (const path of ['/wiki/a%2Fb', '/wiki/%252e%252e/closed', '/open/100%25', '/wiki%3Fx']) {
    t.notOk((await send(`GET ${path} HTTP/1.1`)).statuses.includes(200), path)
  }
})

t.test('prefixes may have a colon or an at sign', async (t) => {
  for (const path of ['/@scope', '/@scope/package', '/v1/jobs:run']) {
    t.strictSame((await send(`GET ${path} HTTP/1.1`)).statuses, [200], path)
  }
  for (const path of ['/@scoped', '/v1/jobs:runs', '/v1/jobs']) {
    t.strictSame((await send(`GET ${path} HTTP/1.1`)).statuses, [404], path)
  }
})
