import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { type ClientHttp2Session, connect } from 'node:http2'
import { request as requestHttps } from 'node:https'
import { text } from 'node:stream/consumers'
import { inputs } from '@gatehouse/fixtures/generated'
import { type Generator, generator, mutated } from '@gatehouse/fixtures/generator'
import t from 'tap'
import { edgeOverTls } from '../attacks/fixtures/raw-http-two.ts'
import { spokenService } from './fixtures/spoken-service.ts'

const INPUTS = inputs(1000)

const statuses = ['200 OK', '200 OK', '200', '201 Created', '204 No', '205 R', '302 F', '304 N']
const moreStatuses = ['401 U', '404 \xe9', '500 Oops', '599 x', '600 x', '099 x']
const names = [
  'Content-Type',
  'Content-Security-Policy',
  'Cache-Control',
  'ETag',
  'Vary',
  'Link',
  'Location',
  'Set-Cookie',
  'Set-Cookie',
  'WWW-Authenticate',
  'X-Own',
  'x_own',
  "x!#$%&'*+.^`|~",
  'Content-Encoding',
  'Content-Language',
  'Access-Control-Allow-Origin',
  'Access-Control-Max-Age',
  'Age',
  'Tk',
  'From',
  'User-Agent',
  'X-Content-Type-Options',
  'Upgrade-Insecure-Requests',
  'Alt-Svc',
  'X-Auth-Subject',
  'TE',
  'Upgrade',
  'Proxy-Connection',
  'HTTP2-Settings',
  'Connection',
  'constructor'
]
const values = [
  '1',
  '',
  'a, b',
  'a=1; Path=/',
  '__Host-refresh=x',
  'text/plain',
  'default-src',
  '/a?b',
  'http://elsewhere.example/',
  'x-own',
  'gzip',
  '"1"',
  'x'.repeat(300)
]
const pieces = [' ', '\t', '  ', ',', ';', '=', '"', ':', '/']
/** Node.js writes other characters as Latin-1 over HTTP/1.1, and as UTF-8 over HTTP/2. */
const INVALID = /[^\t\x20-\x7e]/g

function response(random: Generator): string {
  const { below, pick } = random
  const head = [`HTTP/1.1 ${pick(below(4) === 0 ? moreStatuses : statuses)}`]
  for (let left = below(8); left > 0; left -= 1) {
    const value = pick(values)
    const written = below(3) === 0 ? mutated(value, random, pieces).replace(INVALID, '') : value
    head.push(`${pick(names)}: ${written}${pick(['', '', '', ' ', '\t', ' \t'])}`)
  }
  const chunked = below(3) === 0
  head.push(chunked ? 'Transfer-Encoding: chunked' : 'Content-Length: 2')
  return `${head.join('\r\n')}\r\n\r\n${chunked ? '2\r\nok\r\n0\r\n\r\n' : 'ok'}`
}

/** Headers of one connection, and those that differ in each response. */
const APART = /^(?:connection|content-length|date|keep-alive|transfer-encoding|x-request-id)$/
const ID = /"requestId":"[^"]*"/

type Seen = { readonly status: number; readonly lines: readonly string[]; readonly body: string }

function seen(status: number, rawHeaders: readonly string[], body: string): Seen {
  const lines = new Map<string, string[]>()
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = rawHeaders.slice(index, index + 2)
    const known = name.toLowerCase()
    if (known.startsWith(':') || APART.test(known)) continue
    lines.set(known, [...(lines.get(known) ?? []), value])
  }
  return {
    status,
    lines: [...lines].map(([name, all]) => `${name}: ${all.join(', ')}`).sort(),
    body: body.replace(ID, 'id')
  }
}

async function overHttpOne(url: string): Promise<Seen> {
  const sent = requestHttps(url, { rejectUnauthorized: false, agent: false }).end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return seen(response.statusCode ?? 0, response.rawHeaders, await text(response))
}

async function overHttpTwo(client: ClientHttp2Session, path: string): Promise<Seen> {
  const stream = client.request({ ':path': path })
  const [headers, , rawHeaders] = await once(stream, 'response')
  return seen(Number(headers[':status']), rawHeaders, await text(stream))
}

t.test('clients get the same response over HTTP/1.1 and over HTTP/2', async (t) => {
  const random = generator()
  const service = await spokenService(t)
  const gateway = await edgeOverTls(t, {
    upstreams: `  spoken: '${service.url}'`,
    routes: '  - { name: spoken, prefix: /spoken, upstream: spoken, access: public }\n'
  })
  const client = connect(gateway.url, { rejectUnauthorized: false })
  t.teardown(() => client.destroy())
  for (let input = 0; input < INPUTS; input += 1) {
    const said = response(random)
    service.say(said, false)
    const one = await overHttpOne(`${gateway.url}/spoken`)
    const two = await overHttpTwo(client, '/spoken')
    if (!t.strictSame(two, one, `input ${input} of seed ${random.seed}`)) {
      t.comment(JSON.stringify(said))
      return
    }
  }
})
