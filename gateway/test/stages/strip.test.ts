import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { Refusal } from '@gatehouse/problem/refusal'
import t from 'tap'
import { strip } from '../../src/stages/strip.ts'

/** A request as the server hands it on: names and values in turn, as they came. */
function request(lines: string[][], method = 'GET', url = '/') {
  return Object.assign(new IncomingMessage(new Socket()), { method, url, rawHeaders: lines.flat() })
}

function refusalOf(lines: string[][], method?: string): Refusal | null {
  try {
    strip(request(lines, method))
    return null
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
}

t.test('what a client may say is kept: by lower-case name, repeated lines joined', async (t) => {
  const stripped = strip(
    request(
      [
        ['Host', 'gateway.example'],
        ['Accept', 'text/html'],
        ['ACCEPT', 'application/json'],
        ['X-Own', ''],
        ['User-Agent', 'curl/8']
      ],
      'POST',
      '/orders?x=1'
    )
  )
  t.strictSame(stripped, {
    method: 'POST',
    target: '/orders?x=1',
    headers: { accept: 'text/html, application/json', 'x-own': '', 'user-agent': 'curl/8' },
    authorization: null,
    ownCookies: [],
    origin: null,
    websocket: null,
    host: 'gateway.example'
  })
})

t.test('credentials are set apart', async (t) => {
  const { headers, authorization, ownCookies } = strip(
    request([
      ['Authorization', 'Bearer abc'],
      ['Cookie', 'theme=dark; __Host-refresh=secret'],
      ['Cookie', 'lang=de']
    ])
  )
  t.equal(authorization, 'Bearer abc')
  t.strictSame(ownCookies, ['__Host-refresh=secret'])
  t.strictSame(headers, { cookie: 'theme=dark; lang=de' })
})

t.test('what a proxy may have said is not among the headers', async (t) => {
  t.strictSame(strip(request([['X-Forwarded-For', '203.0.113.7']])).headers, {})
})

t.test('names that an object has of itself are names like any other', async (t) => {
  const { headers } = strip(
    request([
      ['__proto__', 'evil'],
      ['constructor', 'kept'],
      ['toString', 'kept']
    ])
  )
  t.equal(Object.getPrototypeOf(headers), Object.prototype)
  t.strictSame(Object.entries(headers), [
    ['constructor', 'kept'],
    ['tostring', 'kept']
  ])
})

t.test('what could be read in two ways is refused, and ends the connection', async (t) => {
  const [length, chunked] = [
    ['Content-Length', '5'],
    ['Transfer-Encoding', 'chunked']
  ]
  const refused: [title: string, lines: string[][], method?: string][] = [
    ['length and chunks', [length, chunked], 'POST'],
    ['chunks and length', [chunked, length], 'POST'],
    ['two lengths', [length, length], 'POST'],
    ['two codings', [chunked, chunked], 'POST'],
    ['another coding', [['Transfer-Encoding', 'gzip, chunked']], 'POST'],
    ...['+5', '-1', '0x5', '5.0', '', '5, 5', '9'.repeat(16)].map(
      (value): [string, string[][], string] => [
        `length ${value}`,
        [['Content-Length', value]],
        'POST'
      ]
    ),
    ['a body with GET', [length]],
    ['chunks with HEAD', [chunked], 'HEAD'],
    ...['Authorization', 'Content-Type', 'Host', 'Origin', 'Sec-Fetch-Site'].map(
      (name): [string, string[][]] => [
        `${name} twice`,
        [
          [name, 'a'],
          [name.toLowerCase(), 'a']
        ]
      ]
    ),
    ...[
      '',
      ' ',
      ':80',
      'a b',
      'a/b',
      'user@a',
      'user:b@a',
      'a%2eb',
      'a,b',
      'a?b',
      'a:',
      'a:123456',
      '[::1',
      'é'
    ].map((host): [string, string[][]] => [`host ${host}`, [['Host', host]]])
  ]
  for (const [title, lines, method] of refused) {
    const refusal = refusalOf(lines, method)
    t.match(
      refusal,
      { code: 'INVALID_REQUEST', status: 400, headers: { connection: 'close' } },
      title
    )
  }
})

t.test('a hundred lines are enough', async (t) => {
  const lines = (count: number) => Array.from({ length: count }, (_, at) => [`x-${at}`, 'y'])
  t.equal(refusalOf(lines(100)), null)
  t.match(refusalOf(lines(101)), { code: 'INVALID_REQUEST', status: 431 })
})

t.test('a length of nothing is no body', async (t) => {
  t.equal(refusalOf([['Content-Length', '0']]), null)
  t.equal(refusalOf([['Content-Length', '0']], 'HEAD'), null)
  t.equal(refusalOf([['Transfer-Encoding', 'Chunked']], 'POST'), null, 'codings have no case')
})
