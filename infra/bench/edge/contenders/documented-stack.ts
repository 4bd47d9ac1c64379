import httpProxy from '@fastify/http-proxy'
import jwt from '@fastify/jwt'
import Fastify from 'fastify'

/**
 * A gateway built from the documentation of the packages: it verifies every request, and forwards
 * its claims as headers. It exists only to be measured, and lets through what our gateway does not
 * (see gateway/test/attacks).
 */
const [port, upstream = '', publicPem = '', issuer = '', audience = ''] = process.argv.slice(2)
type Claims = Record<'sub' | 'sid' | 'client_id' | 'scope' | 'email', string>

const app = Fastify()
await app.register(jwt, {
  secret: { public: publicPem },
  verify: { algorithms: ['ES256'], allowedIss: issuer, allowedAud: audience }
})
await app.register(httpProxy, {
  upstream,
  preHandler: async (request) => {
    await request.jwtVerify()
  },
  replyOptions: {
    rewriteRequestHeaders(request, { authorization: _, ...headers }) {
      const { sub, sid, client_id, scope, email } = (request as { user?: Claims }).user as Claims
      return {
        ...headers,
        'x-auth-subject': sub,
        'x-auth-session': sid,
        'x-auth-client': client_id,
        'x-auth-scope': scope,
        'x-auth-email': email
      }
    }
  }
})
await app.listen({ port: Number(port), host: '127.0.0.1' })
