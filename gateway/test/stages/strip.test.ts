import t from 'tap'
import { strip } from '../../src/stages/strip.ts'
import { refusalOf, request } from './fixtures/received-request.ts'

t.test(
  'a client’s ordinary headers are kept by lower-case name, with repeated lines joined',
  async (t) => {
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
      hasBody: false,
      authorization: null,
      ownCookies: [],
      origin: null,
      websocket: null,
      host: 'gateway.example'
    })
  }
)

t.test('credentials are separated from the headers', async (t) => {
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

t.test('headers that proxies write are not kept', async (t) => {
  t.strictSame(strip(request([['X-Forwarded-For', '203.0.113.7']])).headers, {})
})

/**
 * Some server, proxy or framework believes each of these. The names are in the spelling of their
 * makers.
 */
const believed = `
  Proxy Forwarded Forwarded-For X-Forwarded X-Forwarded-For X-Forwarded-Host X-Forwarded-Port X-Forwarded-Proto X-Forwarded-Protocol
  X-Forwarded-Prefix X-Forwarded-Server X-Forwarded-Ssl X-Forwarded-Scheme X-Forwarded-User X-Forwarded-Client-Cert X-Forwarded-Uri
  X-Forwarded-Tls-Client-Cert-Info X-Forwarded-Access-Token Client-Cert Client-Cert-Chain X-Original-URL X-Original-URI X-Original-For
  X-Original-Method X-Original-Host X-Rewrite-URL X-HTTP-Method X-HTTP-Method-Override X-Method-Override X-Host X-HTTP-Host-Override
  X-Request-URI SCRIPT_NAME PATH_INFO X-Script-Name X-Scheme X-Url-Scheme X-Sendfile-Type X-Accel-Mapping X-Middleware-Subrequest
  X-Invoke-Path Surrogate-Capability Client-IP X-Client-IP X-Cluster-Client-IP X-Real-IP True-Client-IP X-ProxyUser-Ip
  Akamai-Origin-Hop Ali-CDN-Real-IP Cdn-Src-Ip CF-Connecting-IP CF-Connecting-IPv6 CF-IPCountry Cf-Access-Jwt-Assertion
  CF-Access-Authenticated-User-Email CloudFront-Viewer-Address EO-Connecting-IP Fastly-Client-IP Fastly-SSL Incap-Client-IP
  X-Sucuri-ClientIP X-AppEngine-User-IP X-Appengine-Cron X-CloudTasks-QueueName X-Goog-Authenticated-User-Email
  X-Goog-IAP-JWT-Assertion X-Endpoint-API-UserInfo X-Apigateway-Api-Userinfo X-Amzn-Oidc-Data X-Amzn-Oidc-Identity
  X-Amzn-Mtls-Clientcert X-Amzn-Trace-Id X-ARR-ClientCert X-ARR-SSL X-Azure-ClientIP X-Azure-FDID X-FD-HealthProbe
  X-MS-CLIENT-PRINCIPAL X-MS-CLIENT-PRINCIPAL-NAME X-MS-TOKEN-AAD-ID-TOKEN X-WAWS-Unencoded-URL DISGUISED-HOST MS-ASPNETCORE-CLIENTCERT
  DO-Connecting-IP Fly-Client-IP X-NF-Client-Connection-IP X-Vercel-Forwarded-For X-CF-Forwarded-Url l5d-dst-override
  X-Envoy-Original-Path X-Envoy-External-Address X-Envoy-Internal WL-Proxy-Client-IP WL-Proxy-SSL Proxy-Client-IP Front-End-Https
  SSL_CLIENT_CERT ssl-client-verify SSL_CLIENT_S_DN X-SSL-Client-Verify X-SSL-CERT X-Client-Cert X-Client-DN X-TLS-Client-Subject
  REMOTE_USER Remote-Groups X-Remote-User X-Remote-Extra-Scopes X-WebAuth-User X-Pomerium-Claim-Email X-authentik-username X-Vouch-User
  Tailscale-User-Login X-RH-Identity X-JWT-Assertion X-Consumer-ID X-Consumer-Username X-Authenticated-Userid X-Credential-Identifier
  X-Anonymous-Consumer SM_USER SM_SERVERSESSIONID iv-user iv-groups OAM_REMOTE_USER OIDC_CLAIM_email Shib-Session-ID eppn $WSRU _WSCC
  X-Userinfo X-Id-Token X-Now-Route-Matches X-Matched-Path Teleport-Jwt-Assertion X-Scope-OrgID Grpc-Metadata-X-Auth-Subject Grpc-Metadata-Grpc-Metadata-X-Auth-Roles Grpc-Metadata-X-Forwarded-For
  Grpc-Metadata-Authorization Grpc-Metadata-Traceparent Grpcgateway-Authorization Grpc-Metadata-Grpcgateway-Authorization
`
  .trim()
  .split(/\s+/)

/** Headers of ordinary clients. */
const ordinary = `
  Via CDN-Loop Max-Forwards X-Requested-With X-CSRF-Token X-API-Key Traceparent Tracestate Baggage X-B3-TraceId Sentry-Trace Forward
  X-Amz-Date X-Amz-Security-Token X-Goog-Api-Key X-Goog-User-Project X-MS-Date X-Client-Version X-Client-Id Client-Id X-Realm IV
  Idempotency-Key If-Match Range DNT Sec-CH-UA Sec-Fetch-Mode Priority X-Hub-Signature-256 SOAPAction Depth Destination
  Prefer Next-Action X-Consumers X-Remoteness X-Access-Token
  Grpc-Timeout Grpc-Metadata-Tenant Grpc-Metadata- Removed Proxima CFG Flyby Smell Shibboleth SSLess X-Originality
`
  .trim()
  .split(/\s+/)

t.test('no header that a service may take for a proxy’s is kept, in any spelling', async (t) => {
  for (const name of believed) {
    const spellings = [name, ...['-', '_', '.', '~'].map((mark) => name.replace(/[-_]/g, mark))]
    const lines = spellings.map((spelling) => [spelling, 'evil'])
    t.strictSame(strip(request(lines)).headers, {}, name)
  }
})

t.test(
  'a header of an ordinary client is kept, however similar its name is to a proxy header',
  async (t) => {
    for (const name of ordinary) {
      t.strictSame(strip(request([[name, 'x']])).headers, { [name.toLowerCase()]: 'x' }, name)
    }
  }
)

t.test('names of an object’s own properties are ordinary header names', async (t) => {
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

t.test(
  'a request that could be read in two ways is refused, and its connection closes',
  async (t) => {
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
      ['a body with HEAD', [length], 'HEAD'],
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
      [
        'two hosts, and a value that looks like a pseudo-header',
        [
          ['Host', 'evil'],
          ['X', ':authority'],
          ['a', 'b'],
          ['Host', 'a']
        ]
      ],
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
  }
)

t.test('more than a hundred header lines are refused', async (t) => {
  const lines = (count: number) => Array.from({ length: count }, (_, at) => [`x-${at}`, 'y'])
  t.equal(refusalOf(lines(100)), null)
  t.match(refusalOf(lines(101)), { code: 'INVALID_REQUEST', status: 431 })
})

t.test('a content length of 0 is not a body', async (t) => {
  t.equal(strip(request([['Content-Length', '0']])).hasBody, false)
  t.equal(strip(request([['Content-Length', '1']])).hasBody, true, 'a route decides about GET')
  t.equal(strip(request([['Transfer-Encoding', 'chunked']])).hasBody, true)
  t.equal(refusalOf([['Content-Length', '0']]), null)
  t.equal(refusalOf([['Content-Length', '0']], 'HEAD'), null)
  t.equal(refusalOf([['Transfer-Encoding', 'Chunked']], 'POST'), null, 'codings have no case')
})
