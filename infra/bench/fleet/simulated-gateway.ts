import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { ANNOUNCEMENT_INTERVAL_MS, type Announcement } from '@gatehouse/fleet/fleet'
import { redisFleet } from '@gatehouse/fleet/redis-fleet'
import { redisRevocations } from '@gatehouse/revocation/redis-revocations'
import { Redis } from 'ioredis'

/** As a gateway does (gateway/src): between two looks at the questions of operators. */
const QUESTIONS_MS = 1000

/** What a gateway does with Redis while no request needs it. */
export type SimulatedGateway = {
  /** how many revocations it has read */
  readonly revocations: number
  close(): void
}

/**
 * Follows the revocation log, announces itself, and reads the keys of the others and the questions
 * of operators, over two connections.
 */
export async function simulatedGateway(redisUrl: string): Promise<SimulatedGateway> {
  const [shared, blocking] = [connectTo(redisUrl), connectTo(redisUrl)]
  await Promise.all([shared.connect(), blocking.connect()])
  const ended = new AbortController()
  const counts = { revocations: 0 }
  void follow(blocking, ended.signal, counts)
  const stop = takePart(shared)
  return {
    get revocations() {
      return counts.revocations
    },
    close() {
      stop()
      ended.abort()
      shared.disconnect()
      blocking.disconnect()
    }
  }
}

const connectTo = (url: string): Redis => new Redis(url, { protocol: 2, lazyConnect: true })

async function follow(
  redis: Redis,
  ended: AbortSignal,
  counts: { revocations: number }
): Promise<void> {
  try {
    for await (const { entries } of redisRevocations(redis).follow(null, ended)) {
      counts.revocations += entries.length
    }
  } catch (error) {
    if (!ended.aborted) throw error
  }
}

/** Announces itself regularly. Gateways do not begin at the same moment. */
function takePart(redis: Redis): () => void {
  const fleet = redisFleet(redis)
  const announcement = announcementOf(randomUUID())
  const announce = async (): Promise<void> => {
    await fleet.announce(announcement)
    await fleet.assertionJwks()
  }
  const timers: NodeJS.Timeout[] = []
  const repeat = (ms: number, work: () => Promise<unknown>): void => {
    const begin = setTimeout(() => {
      timers.push(setInterval(() => void work().catch(() => {}), ms))
    }, Math.random() * ms)
    timers.push(begin)
  }
  repeat(ANNOUNCEMENT_INTERVAL_MS, announce)
  repeat(QUESTIONS_MS, () => fleet.questions.open())
  return () => {
    for (const timer of timers) clearInterval(timer)
  }
}

function announcementOf(id: string): Announcement {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: id, alg: 'ES256', use: 'sig' }
  return {
    id,
    name: `simulated:${id}`,
    keySetVersion: id,
    kids: [id, randomUUID()],
    revocationCursor: '1796048881733-0',
    revocationLagSeconds: 0.3,
    assertionJwk: JSON.stringify(jwk),
    vitals: {
      version: '0.1.0',
      startedAtMs: 1796048881733,
      memoryBytes: 1e8,
      requests: 1e6,
      refusals: 1e4,
      serverErrors: 0,
      p99Seconds: 0.01,
      routesVersion: id
    }
  }
}
