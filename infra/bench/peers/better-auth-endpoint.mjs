import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { DatabaseSync } from 'node:sqlite'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { toNodeHandler } from 'better-auth/node'
import { bearer, jwt } from 'better-auth/plugins'
import { Redis } from 'ioredis'

/**
 * better-auth with its sessions in Redis, each use of which extends the session, and its JWT
 * plugin. It exists only to be measured. It is JavaScript, because its packages are not installed
 * where the types are checked.
 */
const [port, redisUrl] = process.argv.slice(2)
const redis = new Redis(redisUrl, { protocol: 2 })
const auth = betterAuth({
  baseURL: `http://127.0.0.1:${port}`,
  secret: randomBytes(32).toString('base64url'),
  database: new DatabaseSync(':memory:'),
  secondaryStorage: {
    get: (key) => redis.get(key),
    set: (key, value, ttl) => (ttl ? redis.set(key, value, 'EX', ttl) : redis.set(key, value)),
    delete: (key) => redis.del(key)
  },
  emailAndPassword: { enabled: true },
  session: { updateAge: 0 },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  logger: { disabled: true },
  plugins: [bearer(), jwt({ jwks: { keyPairConfig: { alg: 'ES256' } } })]
})
const { runMigrations } = await getMigrations(auth.options)
await runMigrations()
const handle = toNodeHandler(auth)
createServer((request, response) => {
  // The client of the benchmark only sends POST.
  if (request.url === '/jwt') {
    request.url = '/api/auth/token'
    request.method = 'GET'
  }
  return handle(request, response)
}).listen(Number(port), '127.0.0.1')
