import { once } from 'node:events'
import { connect, type IncomingHttpHeaders } from 'node:http2'
import t from 'tap'
import { edgeOverTls } from '../../attacks/fixtures/raw-http-two.ts'
import { spokenService } from '../../fuzz/fixtures/spoken-service.ts'

const HEAD = [
  'HTTP/1.1 200 OK',
  'Content-Security-Policy: default-src \t',
  'Cache-Control:  no-store ',
  'Set-Cookie: a=1 ',
  'Set-Cookie: b=2\t',
  'Vary: x ',
  'Vary: y',
  'Trailer: x-sum',
  'Transfer-Encoding: chunked'
]
const BODY = '2\r\nok\r\n0\r\nX-Sum: 1 \r\n\r\n'

// RFC 9110 §5.5, RFC 9113 §8.2.1: clients of HTTP/2 drop a line with white space around its value,
// or refuse the whole response.
t.test(
  'white space after a value of a service does not cost HTTP/2 clients the line',
  async (t) => {
    const service = await spokenService(t)
    service.say(`${HEAD.join('\r\n')}\r\n\r\n${BODY}`, true)
    const gateway = await edgeOverTls(t, {
      upstreams: `  spoken: '${service.url}'`,
      routes: '  - { name: spoken, prefix: /spoken, upstream: spoken, access: public }\n'
    })
    const client = connect(gateway.url, { rejectUnauthorized: false })
    t.teardown(() => client.destroy())
    const stream = client.request({ ':path': '/spoken' })
    let trailers: IncomingHttpHeaders = {}
    stream.on('trailers', (those) => {
      trailers = those
    })
    const [headers] = await once(stream, 'response')
    await once(stream.resume(), 'end')
    t.match(headers, {
      'content-security-policy': 'default-src',
      'cache-control': 'no-store',
      'set-cookie': ['a=1', 'b=2'],
      vary: 'x, y'
    })
    t.match(trailers, { 'x-sum': '1' })
  }
)
