import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import { Redis } from 'ioredis'
import Provider from 'oidc-provider'
import { redisAdapter } from './redis-adapter.ts'

/**
 * The token endpoint of oidc-provider, with its models in Redis and access tokens that are JWTs.
 * Sessions are opened through its models, without the redirects of a login. It exists only to be
 * measured.
 */
const [port, redisUrl = ''] = process.argv.slice(2)
const CLIENT = 'bench'
const RESOURCE = 'https://api.example'
const SCOPE = 'orders:read orders:write'

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const provider = new Provider(`http://127.0.0.1:${port}`, {
  adapter: redisAdapter(new Redis(redisUrl, { protocol: 2 })),
  clients: [
    {
      client_id: CLIENT,
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: ['https://app.example/callback'],
      id_token_signed_response_alg: 'ES256'
    }
  ],
  scopes: [...SCOPE.split(' '), 'offline_access'],
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig' }] },
  rotateRefreshToken: true,
  ttl: { RefreshToken: 1_209_600, Grant: 1_209_600, AccessToken: 300 },
  findAccount: (_context, accountId) => ({
    accountId,
    claims: () => ({ sub: accountId, email: `${accountId}@example.com`, roles: ['user'] })
  }),
  features: {
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => RESOURCE,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: SCOPE,
        audience: RESOURCE,
        accessTokenTTL: 300,
        accessTokenFormat: 'jwt' as const,
        jwt: { sign: { alg: 'ES256' as const } }
      })
    }
  }
})

/** A refresh token of a new session. */
async function openSession(accountId: string): Promise<string> {
  const client = await provider.Client.find(CLIENT)
  if (client === undefined) throw new Error('there is a client')
  const grant = new provider.Grant({ accountId, clientId: CLIENT })
  grant.addResourceScope(RESOURCE, SCOPE)
  const grantId = await grant.save()
  const token = new provider.RefreshToken({
    accountId,
    client,
    grantId,
    gty: 'authorization_code',
    scope: `${SCOPE} offline_access`,
    resource: RESOURCE,
    expiresWithSession: false
  })
  return await token.save()
}

const handle = provider.callback()
let sessions = 0
createServer(async (request, response) => {
  if (request.url !== '/login') return await handle(request, response)
  request.resume()
  sessions += 1
  const refreshToken = await openSession(`account-${sessions}`)
  response.setHeader('content-type', 'application/json').end(JSON.stringify({ refreshToken }))
}).listen(Number(port), '127.0.0.1')
