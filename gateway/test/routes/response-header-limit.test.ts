import t from 'tap'
import { routedEdge } from './fixtures/routed-edge.ts'

const routes = `
  - { name: narrow, prefix: /narrow, upstream: service, access: public, answerHeaderBytes: 1024 }
  - { name: wide, prefix: /wide, upstream: service, access: public, answerHeaderBytes: 131072 }
`
const { gateway, send } = await routedEdge(t, { routes })

t.test('the headers of a response may be as large as the route says', async (t) => {
  const statusOf = async (path: string, bytes: number) => {
    gateway.upstream.answer = (_request, response) =>
      response.writeHead(200, { 'x-large': 'x'.repeat(bytes) }).end('ok')
    const { statuses, answer } = await send(`GET ${path} HTTP/1.1`)
    if (statuses[0] === 200) t.match(answer, `x-large: ${'x'.repeat(bytes)}\r\n`)
    return statuses[0]
  }
  t.equal(await statusOf('/open', 20_000), 200)
  t.equal(await statusOf('/open', 70_000), 502)
  t.equal(await statusOf('/narrow', 900), 200, 'Date and Connection count as well')
  t.equal(await statusOf('/narrow', 1025), 502)
  t.equal(await statusOf('/wide', 100_000), 200)
  t.equal(await statusOf('/open', 100), 200)
})
