import type { ClusterNode } from 'ioredis'

export type SentinelAddress = {
  /** of the master, as the sentinels know it */
  readonly name: string
  readonly sentinels: { host: string; port: number }[]
}

type Credentials = { username?: string; password?: string }

export type ClusterAddress = {
  /** some of the cluster's nodes; the others are learned from them */
  readonly nodes: ClusterNode[]
  readonly options: Credentials
}

export type RedisAddress =
  | { readonly kind: 'server'; readonly url: string }
  | ({ readonly kind: 'sentinel' } & SentinelAddress & {
        /** for the master itself */
        readonly options: Credentials & { db: number }
      })
  | ({ readonly kind: 'cluster' } & ClusterAddress)

const SENTINEL = 'redis+sentinel://'
const CLUSTER = 'redis+cluster://'
const SENTINEL_PORT = 26_379
const SERVER_PORT = 6379

/**
 * Where the server is, as ioredis wants it. Besides what Redis itself knows (`redis://`, `rediss://`):
 * `redis+sentinel://[user:password@]host:port,host:port/name[?db=0]` asks the sentinels for the master of that name,
 * again after every failover; the credentials are the master's.
 * `redis+cluster://[user:password@]host:port,host:port` is a Redis Cluster that these nodes belong to.
 * @throws Error naming what is wrong, never the address itself: it may hold a password
 */
export function redisAddress(url: string): RedisAddress {
  if (url.startsWith(SENTINEL))
    return sentinelAddress(several(url.slice(SENTINEL.length), SENTINEL_PORT))
  if (url.startsWith(CLUSTER)) {
    const { hosts, credentials } = several(url.slice(CLUSTER.length), SERVER_PORT)
    return { kind: 'cluster', nodes: hosts, options: credentials }
  }
  return { kind: 'server', url }
}

type Several = {
  readonly hosts: { host: string; port: number }[]
  readonly credentials: Credentials
  readonly rest: URL
}

/** Not a URL to the parser: it names several hosts. One stands for them. */
function several(address: string, defaultPort: number): Several {
  const [authority = '', ...path] = address.split('/')
  const at = authority.lastIndexOf('@') + 1
  const rest = new URL(`redis://${authority.slice(0, at)}host/${path.join('/')}`)
  const { username, password } = rest
  return {
    hosts: authority
      .slice(at)
      .split(',')
      .map((host) => hostAndPort(host, defaultPort)),
    credentials: {
      ...(username === '' ? {} : { username: decodeURIComponent(username) }),
      ...(password === '' ? {} : { password: decodeURIComponent(password) })
    },
    rest
  }
}

function sentinelAddress({ hosts, credentials, rest }: Several): RedisAddress {
  const name = decodeURIComponent(rest.pathname.slice(1))
  if (name === '')
    throw new Error('a redis+sentinel address ends with /name, the name of the master')
  return {
    kind: 'sentinel',
    name,
    sentinels: hosts,
    options: { ...credentials, db: Number(rest.searchParams.get('db') ?? 0) }
  }
}

function hostAndPort(host: string, defaultPort: number): { host: string; port: number } {
  const { hostname, port } = new URL(`redis://${host}`)
  // An IPv6 address stands in brackets in a URL, and without them in a socket's address.
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? defaultPort : Number(port) }
}
