import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { patience } from '@gatehouse/fixtures/patience'
import { startRedis } from '@gatehouse/fixtures/redis-server'
import { REVOCATION_STREAM } from '@gatehouse/revocation/redis-revocations'
import type { Redis } from 'ioredis'
import { authProgram } from '../auth-program.ts'
import { redisFigures } from '../families/redis-figures.ts'
import { type Figure, figure } from '../figures/figure.ts'
import type { Run } from '../figures/run.ts'
import { processorTime } from '../processor-time.ts'
import { type SimulatedGateway, simulatedGateway } from './simulated-gateway.ts'

const GATEWAYS = 200
const LEAST = 2
/** between two fetches of the key set (gateway/src/keys/fetching) */
const KEY_SET_MS = 60_000
const REVOCATIONS_PER_SECOND = 100
/**
 * of a round: announcements come every 2 s, and processor time is counted in hundredths of a second
 */
const SECONDS = { short: 2, thorough: 10 } as const
/** what was idle before has begun */
const SETTLE_MS = 3000

/** What gateways cost Redis and the auth service while they serve from memory. */
export async function fleet(run: Run): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'))
  const server = await startRedis(folder, { durable: false })
  const auth = await authProgram({
    ...patience,
    REDIS_URL: server.url,
    GATEHOUSE_DATA_DIR: join(folder, 'auth')
  })
  const gateways: SimulatedGateway[] = []
  const count = Math.max(run.scaled(GATEWAYS), LEAST)
  const measure = (work: () => Promise<void>) => spent(run, server.redis, auth.pid, work)
  try {
    run.tell('an auth service without gateways …')
    await sleep(SETTLE_MS)
    const alone = await measure(async () => {})
    run.tell(`${count} gateways …`)
    for (let made = 0; made < count; made += 1) gateways.push(await simulatedGateway(server.url))
    const fetching = fetchKeySets(auth.url, count)
    await sleep(SETTLE_MS)
    const idle = await measure(async () => {})
    const before = heardBy(gateways)
    let sent = 0
    const busy = await measure(async () => {
      sent += await revoke(server.redis)
    })
    await sleep(SETTLE_MS / 3)
    fetching()
    const missed = sent * count - (heardBy(gateways) - before)
    return figuresOf({ alone, idle, busy }, { count, missed })
  } finally {
    for (const one of gateways) one.close()
    await auth.stop()
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

const heardBy = (gateways: readonly SimulatedGateway[]): number =>
  gateways.reduce((sum, { revocations }) => sum + revocations, 0)

/** Processor time, in microseconds per second, by round. */
type Spent = { readonly redis: readonly number[]; readonly auth: readonly number[] }

/** @param work is done in each second */
async function spent(
  run: Run,
  redis: Redis,
  auth: number,
  work: () => Promise<void>
): Promise<Spent> {
  const seconds = SECONDS[run.isShort ? 'short' : 'thorough']
  const rounds: { redis: number; auth: number }[] = []
  for (let round = 0; round < run.rounds; round += 1) {
    const startMs = performance.now()
    const [redisBefore, authBefore] = [await redisFigures(redis), processorTime(auth)]
    for (let second = 1; second <= seconds; second += 1) {
      await work()
      await sleep(Math.max(0, startMs + second * 1000 - performance.now()))
    }
    const took = (performance.now() - startMs) / 1000
    const redisAfter = await redisFigures(redis)
    rounds.push({
      redis: (redisAfter.cpuMicroseconds - redisBefore.cpuMicroseconds) / took,
      auth: (processorTime(auth) - authBefore) / took
    })
  }
  return { redis: rounds.map((one) => one.redis), auth: rounds.map((one) => one.auth) }
}

/** Sessions that end, in one second. */
async function revoke(redis: Redis): Promise<number> {
  const until = Math.floor(Date.now() / 1000) + 300
  for (let each = 0; each < REVOCATIONS_PER_SECOND; each += 1) {
    const id = `${until}-${each}`
    await redis.xadd(REVOCATION_STREAM, '*', 'kind', 'session', 'id', id, 'until', until)
    await sleep(1000 / REVOCATIONS_PER_SECOND / 2)
  }
  return REVOCATIONS_PER_SECOND
}

/** @returns ends it */
function fetchKeySets(authUrl: string, count: number): () => void {
  const timer = setInterval(() => {
    void fetch(`${authUrl}/.well-known/jwks.json`).then((response) => response.arrayBuffer())
  }, KEY_SET_MS / count)
  return () => clearInterval(timer)
}

type Measured = Readonly<Record<'alone' | 'idle' | 'busy', Spent>>

function figuresOf(
  { alone, idle, busy }: Measured,
  { count, missed }: { readonly count: number; readonly missed: number }
): Figure[] {
  const per = (more: readonly number[], less: readonly number[], of: number) =>
    more.map((value, round) => (value - (less[round] ?? Number.NaN)) / of)
  const how = `${count} simulated gateways, per second`
  const cost = (id: string, title: string, rounds: readonly number[]) =>
    figure({ id: `fleet/${id}`, title, unit: 'µs', rounds, how })
  return [
    cost('redis', 'processor time of Redis for a gateway', per(idle.redis, alone.redis, count)),
    cost(
      'auth',
      'processor time of the auth service for a gateway',
      per(idle.auth, alone.auth, count)
    ),
    figure({
      id: 'fleet/revocation',
      title: 'processor time of Redis for a revocation and a gateway',
      unit: 'µs',
      rounds: per(busy.redis, idle.redis, count * REVOCATIONS_PER_SECOND),
      how: `${REVOCATIONS_PER_SECOND} revocations per second`
    }),
    figure({
      id: 'fleet/missed',
      title: 'revocations that a gateway did not read within a second',
      unit: 'count',
      rounds: [missed],
      goal: { atMost: 0 },
      how: `of ${REVOCATIONS_PER_SECOND} per second, at ${count} gateways`
    })
  ]
}
