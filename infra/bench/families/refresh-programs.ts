import { join } from 'node:path'
import { patience } from '@gatehouse/fixtures/patience'
import { authProgram } from '../auth-program.ts'
import { succeeded } from '../poster.ts'
import { type RefreshClient, type RefreshProgram, startPeer } from './peers/peer.ts'

const PASSWORD = 'correct horse battery'

/** Clients of our API. All of them are sessions of one user. */
export const ours: RefreshClient = {
  async open(post) {
    const account = { email: 'bench@example.com', password: PASSWORD }
    await post('/register', account)
    return succeeded(await post('/login', account)).refreshToken
  },
  async refresh(post, refreshToken) {
    return succeeded(await post('/refresh-token', { refreshToken })).refreshToken
  }
}

/** The auth service on this Redis, with SQLite in the folder. */
export async function startOurs(
  folder: string,
  redisUrl: string,
  sessions: number
): Promise<RefreshProgram & { readonly opsUrl: string }> {
  const program = await authProgram({
    // A busy machine must not look like an outage.
    ...patience,
    REDIS_URL: redisUrl,
    GATEHOUSE_DATA_DIR: join(folder, 'auth'),
    AUTH_REFRESH_LIMIT_PER_MINUTE: '1000000',
    AUTH_SESSIONS_PER_USER: String(sessions),
    // The hashes of the logins are not measured.
    AUTH_PASSWORD_MEMORY_KIB: '1024',
    AUTH_PASSWORD_PASSES: '1'
  })
  return { ...program, ...ours, id: 'auth' }
}

/** A minimal endpoint, as tutorials write it. */
export const startTutorial = (redisUrl: string): Promise<RefreshProgram> =>
  startPeer(
    {
      id: 'tutorial',
      file: new URL('./peers/tutorial-endpoint.ts', import.meta.url),
      client: {
        open: async (post) =>
          succeeded(await post('/login', { email: 'bench@example.com' })).refreshToken,
        refresh: async (post, refreshToken) =>
          succeeded(await post('/refresh-token', { refreshToken })).refreshToken
      }
    },
    redisUrl
  )

/** The token endpoint of oidc-provider (RFC 6749 §6). */
export const startOidcProvider = (redisUrl: string): Promise<RefreshProgram> =>
  startPeer(
    {
      id: 'oidc-provider',
      file: new URL('./peers/oidc-provider-endpoint.ts', import.meta.url),
      client: {
        open: async (post) => succeeded(await post('/login', {})).refreshToken,
        async refresh(post, refresh_token) {
          const form = { grant_type: 'refresh_token', client_id: 'bench', refresh_token }
          const response = succeeded(await post('/token', new URLSearchParams(form)))
          if (response.refresh_token === undefined) throw new Error('the token was not rotated')
          return response.refresh_token
        }
      }
    },
    redisUrl
  )
