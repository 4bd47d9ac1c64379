import { generateKeyPairSync, randomBytes } from 'node:crypto'
import jwt from '@fastify/jwt'
import Fastify from 'fastify'
import { Redis } from 'ioredis'

/**
 * Refresh tokens as tutorials write them: a random value in Redis that is replaced at each use. A
 * used token is unknown, so neither two tabs nor a thief are recognised. There are no accounts, no
 * ends and no audit log. It exists only to be measured.
 */
const [port, redisUrl = ''] = process.argv.slice(2)
const LIFETIME_SECONDS = 1_209_600

const { privateKey, publicKey } = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' }
})
const redis = new Redis(redisUrl, { protocol: 2 })
const app = Fastify()
await app.register(jwt, {
  secret: { private: privateKey, public: publicKey },
  sign: { algorithm: 'ES256', expiresIn: '5m' }
})

async function newRefreshToken(user: string): Promise<string> {
  const token = randomBytes(32).toString('base64url')
  await redis.set(`refresh:${token}`, user, 'EX', LIFETIME_SECONDS)
  return token
}

app.post<{ Body: { email: string } }>('/login', async ({ body: { email } }) => {
  const user = { sub: email, email, roles: ['user'], scope: 'orders:read orders:write' }
  return { refreshToken: await newRefreshToken(JSON.stringify(user)) }
})

app.post<{ Body: { refreshToken: string } }>('/refresh-token', async ({ body }, reply) => {
  const key = `refresh:${body.refreshToken}`
  const user = await redis.get(key)
  if (user === null) return reply.code(401).send({ error: 'unknown refresh token' })
  await redis.del(key)
  const accessToken = app.jwt.sign(JSON.parse(user))
  return { accessToken, expiresIn: 300, refreshToken: await newRefreshToken(user) }
})

await app.listen({ port: Number(port), host: '127.0.0.1' })
