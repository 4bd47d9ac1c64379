import { cheapHashes } from '@gatehouse/fixtures/cheap-hashes'
import { eventually } from '@gatehouse/fixtures/client'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import { endsInTime } from '@gatehouse/fixtures/ends-in-time'
import { faults } from '@gatehouse/fixtures/faults'
import { flakyLink } from '@gatehouse/fixtures/flaky-link'
import { OUTAGE_BOUND_MS, ownClock } from '@gatehouse/fixtures/own-time'
import { postgresMissing, postgresServer } from '@gatehouse/fixtures/postgres-server'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import t, { type Test } from 'tap'
import { readConfig } from '../../../src/config.ts'
import { randomSecret } from '../../../src/secrets/secrets.ts'
import { startAuth } from '../../../src/start.ts'
import { email, password } from '../../fixtures/auth-service.ts'
import { AUTH_UPSTREAM, gateway } from '../../fixtures/gateway.ts'
import { basic } from '../../fixtures/oauth/oauth-client.ts'

/** for a connection to come about again */
const LONG_MS = 20_000

type Store = 'Redis' | 'PostgreSQL'

type Call = {
  readonly url: string
  readonly headers?: Record<string, string>
  readonly json?: object
  readonly form?: Record<string, string>
  /** the stores without which it is refused */
  readonly needs: readonly Store[]
  /** its status when the stores answer in time */
  readonly status: number
}

async function send({ url, headers = {}, json, form }: Omit<Call, 'needs' | 'status'>) {
  const body = json === undefined ? form && new URLSearchParams(form) : JSON.stringify(json)
  const response = await fetch(url, {
    headers: json === undefined ? headers : { ...headers, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { method: 'POST', body })
  })
  const text = await response.text()
  const { status, headers: received } = response
  return {
    status,
    retryAfter: received.get('retry-after'),
    body: text === '' ? null : JSON.parse(text)
  }
}

/** A call that is served at last: on a busy machine, a store may be too late by itself. */
const served = (call: Parameters<typeof send>[0]) =>
  eventually(
    () => send(call),
    ({ status }) => status !== 503,
    LONG_MS
  )

/** An auth service whose ways to its stores can be made slow, and calls of each kind. */
async function slowable(t: Test) {
  const [redis, postgres] = [await redisServer(t), await postgresServer(t)]
  const database = new URL(await postgres.database())
  const links = {
    Redis: await flakyLink(t, redis.port),
    PostgreSQL: await flakyLink(t, Number(database.port))
  }
  database.port = String(links.PostgreSQL.port)
  const edge = await gateway(t)
  const opsToken = randomSecret()
  const { url, opsUrl, close } = await startAuth(
    readConfig({
      ...cheapHashes,
      AUTH_PORT: '0',
      AUTH_OPS_PORT: '0',
      AUTH_CREDENTIALS_PER_MINUTE: '1000',
      AUTH_OPS_TOKEN: opsToken,
      AUTH_UPSTREAM_NAME: AUTH_UPSTREAM,
      DATABASE_URL: database.href,
      GATEHOUSE_DATA_DIR: dataFolder(t),
      GATEWAY_KEYS_URL: edge.keysUrl,
      LOG_LEVEL: 'silent',
      REDIS_URL: `redis://127.0.0.1:${links.Redis.port}`
    })
  )
  t.teardown(close)
  const asOperator = { authorization: `Bearer ${opsToken}` }
  const json = { email, password }
  const { user } = (await served({ url: `${url}/register`, json })).body
  const login = async () => (await served({ url: `${url}/login`, json })).body
  const kept = await login()
  const registration = { name: 'billing', scope: ['orders:read'] }
  const { client, secret } = (
    await served({ url: `${opsUrl}/ops/clients`, headers: asOperator, json: registration })
  ).body
  const calls = async () =>
    callsOf({
      url,
      opsUrl,
      kept: kept.refreshToken,
      leaving: (await login()).refreshToken,
      asUser: await edge.signedIn({ subject: user.id, session: kept.session.id }),
      asClient: basic(client.id, secret.secret),
      asOperator
    })
  const isReady = async () => (await send({ url: `${opsUrl}/readyz` })).body.status === 'ready'
  return { links, calls, isReady }
}

type Headers = Record<string, string>

const callsOf = (made: {
  readonly url: string
  readonly opsUrl: string
  readonly kept: string
  readonly leaving: string
  readonly asUser: Headers
  readonly asClient: Headers
  readonly asOperator: Headers
}) =>
  ({
    'the key set': { url: `${made.url}/.well-known/jwks.json`, needs: [], status: 200 },
    'a login': {
      url: `${made.url}/login`,
      json: { email, password },
      needs: ['Redis', 'PostgreSQL'],
      status: 200
    },
    'a registration of an account that exists': {
      url: `${made.url}/register`,
      json: { email, password },
      needs: ['Redis', 'PostgreSQL'],
      status: 409
    },
    'a refresh': {
      url: `${made.url}/refresh-token`,
      json: { refreshToken: made.kept },
      needs: ['Redis', 'PostgreSQL'],
      status: 200
    },
    'a logout': {
      url: `${made.url}/logout`,
      json: { refreshToken: made.leaving },
      needs: ['Redis', 'PostgreSQL'],
      status: 204
    },
    'the own account': {
      url: `${made.url}/me`,
      headers: made.asUser,
      needs: ['PostgreSQL'],
      status: 200
    },
    'the own sessions': {
      url: `${made.url}/sessions`,
      headers: made.asUser,
      needs: ['Redis', 'PostgreSQL'],
      status: 200
    },
    'a token for a client': {
      url: `${made.url}/oauth/token`,
      headers: made.asClient,
      form: { grant_type: 'client_credentials' },
      needs: ['PostgreSQL'],
      status: 200
    },
    'a list for an operator': {
      url: `${made.opsUrl}/ops/users`,
      headers: made.asOperator,
      needs: ['PostgreSQL'],
      status: 200
    }
  }) satisfies Record<string, Call>

/** above the limits of every call to a store */
const TOO_LATE_MS = 1000

t.test(
  'if a store is late, calls are served or 503 within a second, and no user is signed out',
  { skip: redisMissing || postgresMissing },
  async (t) => {
    const { links, calls, isReady } = await slowable(t)
    const ask = async (title: string, call: Call, store: Store, delayMs: number) => {
      const ownMs = ownClock()
      const needsIt = call.needs.includes(store)
      const { status, retryAfter } = await (needsIt ? send(call) : served(call))
      const tookMs = ownMs()
      const isRefused = status !== call.status
      if (isRefused) {
        t.strictSame([status], faults.storeLate.statuses, title)
        t.equal(retryAfter, '1', `${title}: try again`)
        t.ok(tookMs < OUTAGE_BOUND_MS, `${title}: within ${OUTAGE_BOUND_MS} ms (${tookMs})`)
      }
      if (!needsIt) t.equal(status, call.status, title)
      else if (delayMs === TOO_LATE_MS) t.ok(isRefused, `${title}: refused`)
    }
    for (const store of ['Redis', 'PostgreSQL'] as const) {
      for (const delayMs of [50, 250, TOO_LATE_MS]) {
        const asked = Object.entries<Call>(await calls())
        links[store].delay(delayMs)
        await Promise.all(
          asked.map(([name, call]) =>
            ask(`${name}, ${store} ${delayMs} ms late`, call, store, delayMs)
          )
        )
        links[store].delay(0)
        await endsInTime(t, faults.storeLate, isReady, (ready) => ready)
      }
    }
    const { status } = await served((await calls())['a refresh'])
    t.equal(status === 200 ? 0 : 1, faults.storeLate.lost)
  }
)
