import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { serviceProgram } from '@gatehouse/fixtures/program'
import { redisHeartbeat } from '@gatehouse/revocation/redis-heartbeats'
import { freePort } from '@gatehouse/start/free-port'
import { Redis } from 'ioredis'
import { type Program, ready, start } from '../../programs.ts'
import { AUDIENCE, ISSUER, type Issuer } from './tokens.ts'

/** A program that is measured. */
export type Contender = Program & { readonly name: string; readonly url: string }

export type Surroundings = {
  readonly folder: string
  readonly redisUrl: string
  readonly upstreamUrl: string
  /** the same service over HTTP/2 without TLS */
  readonly httpTwoUrl: string
  readonly issuer: Issuer
}

const ROUTE = { name: 'bench', prefix: '/bench', upstream: 'bench', bodyLimitBytes: 2 ** 31 }

export async function gateway(
  {
    folder,
    redisUrl,
    upstreamUrl,
    issuer,
    protocol,
    route = {}
  }: Omit<Surroundings, 'httpTwoUrl'> & {
    readonly protocol?: 'h2c'
    /** more members of its only route */
    readonly route?: Readonly<Record<string, unknown>>
  },
  settings: Record<string, string> = {},
  entry = serviceProgram('gateway')
): Promise<Contender & { opsUrl: string }> {
  const [port, opsPort] = [await freePort(), await freePort()]
  const routes = join(folder, `routes-${port}.yaml`)
  const upstream = { addresses: [upstreamUrl], protocol }
  const only = { ...ROUTE, ...route }
  // JSON is YAML as well.
  writeFileSync(routes, `${JSON.stringify({ upstreams: { bench: upstream }, routes: [only] })}\n`)
  const all = {
    LOG_LEVEL: 'warn',
    REDIS_URL: redisUrl,
    GATEHOUSE_DATA_DIR: join(folder, `data-${port}`),
    GATEWAY_PORT: port,
    GATEWAY_OPS_PORT: opsPort,
    GATEWAY_ROUTES: routes,
    GATEWAY_JWKS_URL: issuer.keySetUrl,
    TOKEN_ISSUER: ISSUER,
    TOKEN_AUDIENCE: AUDIENCE,
    ...settings
  }
  const given = Object.entries(all).map(([name, value]) => `${name}=${value}`)
  await beat(redisUrl)
  const program = start('measured', [process.execPath, entry], given)
  const opsUrl = `http://127.0.0.1:${opsPort}`
  await ready(program, `${opsUrl}/readyz`, [200])
  return { ...program, name: 'gateway', url: `http://127.0.0.1:${port}`, opsUrl }
}

/** As an auth service does: a gateway believes only a log with a heartbeat. */
async function beat(redisUrl: string): Promise<void> {
  const redis = new Redis(redisUrl, { protocol: 2 })
  await redisHeartbeat(redis, 'bench')()
  redis.disconnect()
}

/** HAProxy with the same work: signature, issuer, claims to headers, credential removed. */
export async function haproxy({ folder, upstreamUrl, issuer }: Surroundings): Promise<Contender> {
  const port = await freePort()
  const pem = join(folder, 'issuer.pem')
  const file = join(folder, 'haproxy.cfg')
  const claim = (name: string) => `%[http_auth_bearer,jwt_payload_query('$.${name}')]`
  writeFileSync(pem, issuer.publicPem)
  writeFileSync(
    file,
    `global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout client 30s
  timeout server 30s
  timeout connect 5s
  http-reuse always
frontend edge
  bind 127.0.0.1:${port}
  http-request deny deny_status 401 unless { http_auth_bearer -m found }
  http-request set-var(txn.alg) http_auth_bearer,jwt_header_query('$.alg')
  http-request deny deny_status 401 unless { var(txn.alg) -m str ES256 }
  http-request deny deny_status 401 unless { http_auth_bearer,jwt_payload_query('$.iss') -m str ${ISSUER} }
  http-request deny deny_status 401 unless { http_auth_bearer,jwt_verify(txn.alg,"${pem}") 1 }
  http-request set-header x-auth-subject ${claim('sub')}
  http-request set-header x-auth-session ${claim('sid')}
  http-request set-header x-auth-client ${claim('client_id')}
  http-request set-header x-auth-scope ${claim('scope')}
  http-request set-header x-auth-email ${claim('email')}
  http-request del-header authorization
  default_backend service
backend service
  server service ${upstreamUrl.replace('http://', '')}
`
  )
  const program = start('measured', ['haproxy', '-f', file, '-db'])
  const url = `http://127.0.0.1:${port}`
  await ready(program, url, [401])
  return { ...program, name: 'HAProxy', url }
}

/** The folder of Debian for Apache's modules. */
const MODULES = '/usr/lib/apache2/modules'

export const hasApache = existsSync(join(MODULES, 'mod_oauth2.so'))

/**
 * Apache with mod_oauth2 and the same work, with its cache of verified tokens. It is one process,
 * in debugging mode.
 */
export async function apache({ folder, upstreamUrl, issuer }: Surroundings): Promise<Contender> {
  const port = await freePort()
  const file = join(folder, 'apache.conf')
  const modules = 'mpm_event authn_core authz_core headers proxy proxy_http oauth2'.split(' ')
  const jwk = JSON.stringify(issuer.publicJwk).replaceAll('"', '\\"')
  const claim = (name: string) => `"expr=%{reqenv:OAUTH2_CLAIM_${name}}"`
  writeFileSync(
    file,
    `${modules.map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`).join('\n')}
ServerRoot ${folder}
ServerName bench
PidFile ${folder}/apache.pid
DefaultRuntimeDir ${folder}
ErrorLog ${folder}/apache.log
Listen 127.0.0.1:${port}
ServerLimit 1
StartServers 1
ThreadsPerChild 64
MaxRequestWorkers 64
MaxKeepAliveRequests 0
KeepAliveTimeout 60
OAuth2Cache shm max_entries=4096
ProxyPass / ${upstreamUrl}/ keepalive=On
<Location />
  AuthType oauth2
  OAuth2TokenVerify jwk "${jwk}" verify.iat=skip
  OAuth2TargetPass headers=Off
  Require oauth2_claim iss:${ISSUER}
  RequestHeader set x-auth-subject ${claim('sub')}
  RequestHeader set x-auth-session ${claim('sid')}
  RequestHeader set x-auth-client ${claim('client_id')}
  RequestHeader set x-auth-scope ${claim('scope')}
  RequestHeader set x-auth-email ${claim('email')}
  RequestHeader unset authorization
</Location>
`
  )
  const program = start('measured', ['apache2', '-X', '-f', file])
  const url = `http://127.0.0.1:${port}`
  await ready(program, url, [401])
  return { ...program, name: 'Apache', url }
}

/** fastify, @fastify/jwt and @fastify/http-proxy, as their documentation shows them. */
export async function documentedStack(around: Surroundings): Promise<Contender> {
  const port = await freePort()
  const main = fileURLToPath(new URL('./documented-stack.ts', import.meta.url))
  const { upstreamUrl, issuer } = around
  const given = [String(port), upstreamUrl, issuer.publicPem, ISSUER, AUDIENCE]
  const program = start('measured', [process.execPath, main, ...given])
  const url = `http://127.0.0.1:${port}`
  await ready(program, url, [401])
  return { ...program, name: 'the documented stack', url }
}

/** `node:http` before undici, and nothing else. */
export async function bareProxy({ upstreamUrl }: Surroundings): Promise<Contender> {
  const port = await freePort()
  const main = fileURLToPath(new URL('./bare-proxy.ts', import.meta.url))
  const program = start('measured', [process.execPath, main, String(port), upstreamUrl])
  const url = `http://127.0.0.1:${port}`
  await ready(program, url, [200])
  return { ...program, name: 'a bare proxy', url }
}
