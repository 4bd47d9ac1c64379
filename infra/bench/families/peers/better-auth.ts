import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { succeeded } from '../../poster.ts'
import { type RefreshProgram, startPeer } from './peer.ts'

const FOLDER = new URL('../../peers/', import.meta.url)

/** Its packages are not those of this repository: `npm ci --prefix infra/bench/peers`. */
export const hasBetterAuth = existsSync(new URL('node_modules/better-auth/', FOLDER))

/**
 * better-auth: its clients send the token of their session for the next JWT, which also extends the
 * session. The token stays the same.
 */
export const startBetterAuth = (redisUrl: string): Promise<RefreshProgram> =>
  startPeer(
    {
      id: 'better-auth',
      file: new URL('better-auth-endpoint.mjs', FOLDER),
      client: {
        async open(post) {
          const email = `${randomUUID()}@example.com`
          const account = { email, name: 'bench', password: 'correct horse battery' }
          return succeeded(await post('/api/auth/sign-up/email', account)).token ?? ''
        },
        async refresh(post, session) {
          const { token } = succeeded(
            await post('/jwt', {}, { authorization: `Bearer ${session}` })
          )
          if (token === undefined) throw new Error('there is no JWT')
          return session
        }
      }
    },
    redisUrl
  )
