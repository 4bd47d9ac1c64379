import { hostFault } from '@gatehouse/settings/formats'
import { unknownParameter } from '@gatehouse/settings/unknown-parameter'
import type { ClusterNode } from 'ioredis'

type Credentials = { username?: string; password?: string }

/** Passwords in settings of their own, without percent-encoding. */
export type Passwords = {
  /** for the servers that hold the data */
  readonly server?: string | undefined
  readonly sentinels?: string | undefined
}

type Host = { host: string; port: number }

export type SentinelAddress = {
  /** the name of the master, as the sentinels know it */
  readonly name: string
  readonly sentinels: Host[]
  /** for the sentinels; those for the master are in `options` */
  readonly credentials: Credentials
  readonly sentinelsSecure: boolean
}

/** `options` are for the servers with the data; `secure`: over TLS. */
type Servers<Options> = { readonly options: Options; readonly secure: boolean }

type ServerAddress = Servers<Credentials & { db: number }> & Host

export type ClusterAddress = Servers<Credentials> & {
  /** some of the cluster's nodes, from which the others are learned */
  readonly nodes: ClusterNode[]
}

export type RedisAddress =
  | ({ readonly kind: 'server' } & ServerAddress)
  | ({ readonly kind: 'sentinel' } & SentinelAddress & Servers<Credentials & { db: number }>)
  | ({ readonly kind: 'cluster' } & ClusterAddress)

const FORM = /^redis(s)?(?:\+(sentinel|cluster))?:\/\//
const SENTINEL_PORT = 26_379
const SERVER_PORT = 6379
const PARAMETERS = {
  server: ['db'],
  sentinel: ['db', 'sentinelUsername', 'sentinelPassword', 'sentinelTls'],
  cluster: []
} as const

/**
 * Reads the address of Redis. In addition to the form that Redis itself knows
 * (`redis://[user:password@]host:port[/db]`):
 * `redis+sentinel://[user:password@]host:port,host:port/name[?db=0]` asks the sentinels for the
 * master of that name, again after every failover. The credentials are the master's;
 * `sentinelUsername` and `sentinelPassword` are for the sentinels.
 * `redis+cluster://[user:password@]host:port,host:port` is the Redis Cluster to which these nodes
 * belong. Each form begins with `rediss` for TLS, which also applies to sentinels unless
 * `sentinelTls=false`.
 * @throws Error whose message never contains the address, which may contain a password
 */
export function redisAddress(url: string, passwords: Passwords = {}): RedisAddress {
  const [scheme, secured, kind = 'server'] = FORM.exec(url) ?? []
  if (scheme === undefined) {
    throw new Error(
      'it must begin with redis://, redis+sentinel:// or redis+cluster://, or with rediss for TLS'
    )
  }
  const secure = secured !== undefined
  if (kind !== 'sentinel' && passwords.sentinels !== undefined) {
    throw new Error('it names no sentinels, and REDIS_SENTINEL_PASSWORD is set: unset it')
  }
  const given = parsed(url.slice(scheme.length), passwords.server)
  const { options, rest } = given
  refuseUnknown(rest, PARAMETERS[kind as keyof typeof PARAMETERS])
  if (kind === 'cluster') {
    if (rest.pathname.length > 1) throw new Error('a Redis Cluster has no other database than 0')
    return { kind, nodes: hosts(given.hosts, SERVER_PORT), options, secure }
  }
  if (kind === 'sentinel') return sentinelAddress(given, secure, passwords.sentinels)
  const [server, ...more] = hosts(given.hosts, SERVER_PORT)
  if (server === undefined || more.length > 0) {
    throw new Error('only redis+sentinel:// and redis+cluster:// name several hosts')
  }
  const db = database(rest.searchParams.get('db') ?? rest.pathname.slice(1))
  return { kind: 'server', ...server, options: { ...options, db }, secure }
}

type Parsed = { readonly hosts: string; readonly options: Credentials; readonly rest: URL }

/** The parser does not accept several hosts, so one stands for all of them. */
function parsed(address: string, passwordBeside: string | undefined): Parsed {
  const [authority = ''] = address.split(/[/?#]/)
  const at = authority.lastIndexOf('@') + 1
  const text = `redis://${authority.slice(0, at)}host${address.slice(authority.length)}`
  const rest = URL.parse(text)
  if (rest === null) throw new Error(ENCODED)
  return {
    hosts: authority.slice(at),
    options: credentials(rest, 'REDIS_PASSWORD', passwordBeside),
    rest
  }
}

/** @param setting the setting with the password, if the address has none */
function credentials(
  { username, password }: { readonly username: string; readonly password: string },
  setting: string,
  passwordBeside: string | undefined
): Credentials {
  if (password !== '' && passwordBeside !== undefined) {
    throw new Error(`it has a password, and ${setting} is set: set one of them`)
  }
  const used = passwordBeside ?? decoded(password)
  // The client would send neither, and would be another user.
  if (username !== '' && used === '') {
    throw new Error(`it has a user without a password: add the password, or set ${setting}`)
  }
  return {
    ...(username === '' ? {} : { username: decoded(username) }),
    ...(used === '' ? {} : { password: used })
  }
}

const ENCODED =
  'percent-encode the special characters in its user and password, such as % as %25, / as %2F, # as %23, ? as %3F and @ as %40; or set REDIS_PASSWORD'

/** @throws Error if a % does not begin a percent-encoded character */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw new Error(ENCODED)
  }
}

function refuseUnknown({ searchParams, search }: URL, known: readonly string[]): void {
  const unknown = [...searchParams.keys()].find((name) => !known.includes(name))
  if (unknown !== undefined) {
    const words = known.length === 0 ? 'none is allowed here' : `allowed: ${known.join(', ')}`
    throw new Error(`${unknownParameter(unknown, search)}; ${words}`)
  }
}

function sentinelAddress(
  { hosts: text, options, rest }: Parsed,
  secure: boolean,
  passwordBeside: string | undefined
): RedisAddress {
  const name = decoded(rest.pathname.slice(1))
  if (name === '') {
    throw new Error('a redis+sentinel address must end with /name, the name of the master')
  }
  const { searchParams } = rest
  const encoded = (parameter: string) => encodeURIComponent(searchParams.get(parameter) ?? '')
  return {
    kind: 'sentinel',
    name,
    sentinels: hosts(text, SENTINEL_PORT),
    credentials: credentials(
      { username: encoded('sentinelUsername'), password: encoded('sentinelPassword') },
      'REDIS_SENTINEL_PASSWORD',
      passwordBeside
    ),
    sentinelsSecure: secure && searchParams.get('sentinelTls') !== 'false',
    options: { ...options, db: database(searchParams.get('db') ?? '') },
    secure
  }
}

function database(text: string): number {
  if (!/^\d{0,5}$/.test(text)) {
    throw new Error('its database must be a number, as in redis://host:6379/0')
  }
  return Number(text)
}

const hosts = (text: string, defaultPort: number): Host[] =>
  text.split(',').map((host) => hostAndPort(host, defaultPort))

function hostAndPort(text: string, defaultPort: number): Host {
  const url = URL.parse(`redis://${text}`)
  // An IPv6 address has brackets in a URL, and none in a socket's address.
  const host = url?.hostname.replace(/^\[(.*)\]$/, '$1') ?? ''
  if (url === null || hostFault(host) !== null) {
    throw new Error(`its host or port is not valid: write host:port, or [::1]:6379; ${ENCODED}`)
  }
  return { host, port: url.port === '' ? defaultPort : Number(url.port) }
}
