import { readFileSync } from 'node:fs'
import { roomProcess } from '@gatehouse/fixtures/room-process'
import type { Redis } from 'ioredis'
import { type Post, poster, succeeded } from './poster.ts'
import { redisFigures } from './redis-figures.ts'

const CLIENTS = 32
const REFRESHES_A_CLIENT = 150
/** Linux counts processor time in hundredths of a second, whatever the kernel's own tick is. */
const MICROSECONDS_A_TICK = 10_000

type Bench = { url: string; redis: Redis; folder: string; rounds: number }

export type Round = {
  readonly refreshes: number
  readonly authMicroseconds: number
  readonly redisMicroseconds: number
  readonly scriptCalls: number
}

/** Rotates over HTTP at an auth process of its own; processor time and scripts, a refresh. */
export async function refreshOverHttp({ url, redis, folder, rounds }: Bench): Promise<Round[]> {
  const auth = await roomProcess('auth', {
    ...{ REDIS_URL: url, GATEHOUSE_DATA_DIR: folder, AUTH_PORT: '0', AUTH_OPS_PORT: '0' },
    ...{ AUTH_REFRESH_LIMIT_PER_MINUTE: '1000000', AUTH_SESSIONS_PER_USER: String(CLIENTS) }
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

async function measureRound(needs: {
  post: Post
  tokens: string[]
  redis: Redis
  pid: number
}): Promise<Round> {
  const { post, tokens, redis, pid } = needs
  const before = { redis: await redisFigures(redis), auth: processorTime(pid) }
  await Promise.all(
    tokens.map(async (_, client) => {
      for (let each = 0; each < REFRESHES_A_CLIENT; each += 1) {
        const refreshToken = tokens[client] ?? ''
        tokens[client] = succeeded(await post('/refresh-token', { refreshToken })).refreshToken
      }
    })
  )
  const after = { redis: await redisFigures(redis), auth: processorTime(pid) }
  const refreshes = tokens.length * REFRESHES_A_CLIENT
  return {
    refreshes,
    authMicroseconds: (after.auth - before.auth) / refreshes,
    redisMicroseconds: (after.redis.cpuMicroseconds - before.redis.cpuMicroseconds) / refreshes,
    scriptCalls: (after.redis.scriptCalls - before.redis.scriptCalls) / refreshes
  }
}

/** Of all threads of a process, in microseconds (proc(5), fields 14 and 15). */
function processorTime(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * MICROSECONDS_A_TICK
}
