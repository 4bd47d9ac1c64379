import { serviceProcess } from '@gatehouse/fixtures/service-process'
import type { Redis } from 'ioredis'
import { type Post, poster, succeeded } from './poster.ts'
import { processorTime } from './processor-time.ts'
import { redisFigures } from './redis-figures.ts'

const CLIENTS = 32
const REFRESHES_PER_CLIENT = 150

type Bench = { url: string; redis: Redis; folder: string; rounds: number }

type Round = {
  readonly refreshes: number
  readonly authMicroseconds: number
  readonly redisMicroseconds: number
  readonly scriptCalls: number
}

/** Rotates over HTTP at a separate auth process: processor time and scripts per refresh. */
export async function refreshOverHttp({ url, redis, folder, rounds }: Bench): Promise<Round[]> {
  const auth = await serviceProcess('auth', {
    REDIS_URL: url,
    GATEHOUSE_DATA_DIR: folder,
    AUTH_PORT: '0',
    AUTH_OPS_PORT: '0',
    AUTH_REFRESH_LIMIT_PER_MINUTE: '1000000',
    AUTH_SESSIONS_PER_USER: String(CLIENTS)
  })
  try {
    const post = poster(auth.url, CLIENTS)
    const account = { email: 'bench@example.com', password: 'correct horse battery' }
    succeeded(await post('/register', account))
    const tokens: string[] = []
    for (let client = 0; client < CLIENTS; client += 1) {
      tokens.push(succeeded(await post('/login', account)).refreshToken)
    }
    const round = () => measureRound({ post, tokens, redis, pid: auth.pid })
    await round()
    const measured: Round[] = []
    for (let each = 0; each < rounds; each += 1) measured.push(await round())
    return measured
  } finally {
    await auth.stop()
  }
}

async function measureRound(options: {
  post: Post
  tokens: string[]
  redis: Redis
  pid: number
}): Promise<Round> {
  const { post, tokens, redis, pid } = options
  const before = { redis: await redisFigures(redis), auth: processorTime(pid) }
  await Promise.all(
    tokens.map(async (_, client) => {
      for (let each = 0; each < REFRESHES_PER_CLIENT; each += 1) {
        const refreshToken = tokens[client] ?? ''
        tokens[client] = succeeded(await post('/refresh-token', { refreshToken })).refreshToken
      }
    })
  )
  const after = { redis: await redisFigures(redis), auth: processorTime(pid) }
  const refreshes = tokens.length * REFRESHES_PER_CLIENT
  return {
    refreshes,
    authMicroseconds: (after.auth - before.auth) / refreshes,
    redisMicroseconds: (after.redis.cpuMicroseconds - before.redis.cpuMicroseconds) / refreshes,
    scriptCalls: (after.redis.scriptCalls - before.redis.scriptCalls) / refreshes
  }
}
