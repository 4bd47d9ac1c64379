import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { patience } from '@gatehouse/fixtures/patience'
import { redisMissing, redisServer } from '@gatehouse/fixtures/redis-server'
import { KEY_MEMORY_SECONDS, type RevocationSource } from '@gatehouse/revocation/revocation'
import t from 'tap'
import { startGateway } from '../src/start.ts'
import { configured, embedded, read, settings } from './fixtures/configured.ts'
import { newKey } from './fixtures/issuer.ts'
import { silentLog } from './fixtures/revocation-log.ts'

/** A log that delivers only empty batches. */
const talkingLog: RevocationSource = {
  async *follow(cursor, signal) {
    while (!signal.aborted) {
      yield { entries: [], cursor: cursor ?? '0', caughtUp: true, heartbeatAgeMs: 0 }
      await sleep(100, undefined, { signal }).catch(() => {})
    }
  }
}

t.test('a gateway that is not ready names the failing checks', async (t) => {
  const away = createServer((_request, response) => response.writeHead(503).end())
  await once(away.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => away.close())
  const address = away.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  const gateway = await startGateway(settings(t, `http://127.0.0.1:${port}/`), embedded(silentLog))
  t.teardown(() => gateway.close())

  const { status, text } = await read(`${gateway.opsUrl}/readyz`)
  t.equal(status, 503)
  t.match(JSON.parse(text), {
    status: 'not ready',
    failing: {
      keys: 'no trusted key set is loaded',
      revocations: 'the revocation log has not been read yet'
    }
  })
  t.equal((await read(`${gateway.opsUrl}/healthz`)).status, 200, 'it is alive all the same')
  t.equal((await read(`${gateway.url}/orders`)).status, 401, 'and refuses who brings nothing')
})

t.test('a stored key set is trusted for as long as revoked keys are remembered', async (t) => {
  const { jwk } = newKey()
  const startedWith = async (ageSeconds: number) => {
    const config = settings(t, 'http://127.0.0.1:2/')
    const kept = { keys: [jwk], goodAtMs: Date.now() - ageSeconds * 1000 }
    writeFileSync(join(config.GATEHOUSE_DATA_DIR, 'gateway-jwks.json'), JSON.stringify(kept))
    const gateway = await startGateway(config, embedded(talkingLog))
    t.teardown(() => gateway.close())
    return async () => (await read(`${gateway.opsUrl}/readyz`)).text
  }
  const late = await startedWith(KEY_MEMORY_SECONDS + 1)
  t.match(await late(), '"keys":"no trusted key set is loaded"')
  const justInTime = await startedWith(KEY_MEMORY_SECONDS - 5)
  t.match(await justInTime(), '"status":"ready"')
  await sleep(5500)
  t.match(await justInTime(), '"status":"ready"', 'it has heard the log since')
})

t.test('a gateway in its own process does not start without Redis, and says so', async (t) => {
  const config = settings(t, 'http://127.0.0.1:2/')
  await t.rejects(startGateway(config), {
    name: 'SettingsFault',
    message: /REDIS_URL must be set/
  })
})

t.test(
  'a gateway whose password Redis refuses does not start, and says so at once',
  { skip: redisMissing },
  async (t) => {
    const { url, redis } = await redisServer(t)
    await redis.config('SET', 'requirepass', 'right')
    const config = configured(t, {
      ...patience,
      REDIS_URL: url.replace('//', '//:hunter2@')
    })
    await t.rejects(startGateway(config), {
      name: 'StartFault',
      message: /^Redis cannot be used: WRONGPASS (?!.*hunter2).*Check the user and the password/
    })
  }
)

t.test(
  'in production a gateway does not start on a Redis that evicts keys',
  { skip: redisMissing },
  async (t) => {
    const { url, redis } = await redisServer(t)
    await redis.config('SET', 'maxmemory-policy', 'volatile-lru')
    const config = configured(t, {
      ...patience,
      REDIS_URL: url,
      NODE_ENV: 'production',
      GATEWAY_TRUSTED_PROXIES: '10.0.0.1',
      TOKEN_ISSUER: 'https://auth.example'
    })
    await t.rejects(startGateway(config), {
      name: 'StartFault',
      message: /maxmemory-policy is volatile-lru/
    })
  }
)
