import type { RedisOptions } from 'ioredis'

type SentinelAddress = Pick<
  RedisOptions,
  'name' | 'sentinels' | 'failoverDetector' | 'username' | 'password' | 'db'
>

/**
 * Where the server is, as ioredis wants it. Besides what Redis itself knows (`redis://`, `rediss://`):
 * `redis+sentinel://[user:password@]host:port,host:port/name[?db=0]` asks the sentinels for the master of that name,
 * again after every failover. The credentials are the master's.
 * @throws Error naming what is wrong, never the address itself: it may hold a password
 */
export function redisAddress(url: string): { url: string } | { options: SentinelAddress } {
  if (!url.startsWith(SENTINEL)) return { url }
  // Not a URL to the parser: it names several hosts. The first stands for them.
  const [authority = '', ...rest] = url.slice(SENTINEL.length).split('/')
  const hosts = authority.slice(authority.lastIndexOf('@') + 1).split(',')
  const credentials = authority.slice(0, authority.lastIndexOf('@') + 1)
  const parsed = new URL(`redis://${credentials}host/${rest.join('/')}`)
  const name = decodeURIComponent(parsed.pathname.slice(1))
  if (name === '')
    throw new Error('a redis+sentinel address ends with /name, the name of the master')
  const { username, password } = parsed
  return {
    options: {
      name,
      sentinels: hosts.map(sentinel),
      // Told of a failover by the sentinels, instead of finding out by failing.
      failoverDetector: true,
      ...(username === '' ? {} : { username: decodeURIComponent(username) }),
      ...(password === '' ? {} : { password: decodeURIComponent(password) }),
      db: Number(parsed.searchParams.get('db') ?? 0)
    }
  }
}

const SENTINEL = 'redis+sentinel://'
const DEFAULT_PORT = 26_379

function sentinel(host: string): { host: string; port: number } {
  const { hostname, port } = new URL(`redis://${host}`)
  // An IPv6 address stands in brackets in a URL, and without them in a socket's address.
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? DEFAULT_PORT : Number(port) }
}
