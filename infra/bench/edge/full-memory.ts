import { REVOCATION_STREAM } from '@gatehouse/revocation/redis-revocations'
import { Redis } from 'ioredis'
import { median, type Row } from '../table.ts'
import { gateway, type Surroundings } from './contenders.ts'
import { measure, tokenScript } from './load.ts'

const ROUNDS = 5
const SECONDS = 3
const MANY = 100_000

/**
 * Shows that a request costs the same with full caches and a full revocation set as with empty
 * ones.
 */
export async function fullMemory(
  around: Surroundings,
  tell: (line: string) => void
): Promise<Row[]> {
  const { folder, issuer, redisUrl } = around
  const seen = tokenScript(folder, 'few', issuer.tokens(1000))
  const service = { GATEWAY_TOKEN_CACHE_BYTES: String(1024 ** 3) }
  const empty = await gateway(around, service)
  tell(`revoking ${MANY.toLocaleString('en')} sessions, remembering as many tokens …`)
  await revokeMany(redisUrl)
  const full = await gateway(around, service)
  try {
    const all = tokenScript(folder, 'many', issuer.tokens(MANY))
    let asked = 0
    while (asked < MANY) asked += (await measure(full, all, SECONDS)).requests
    for (const one of [empty, full]) await measure(one, seen, SECONDS)
    const ratios: number[] = []
    for (let round = 1; round <= ROUNDS; round += 1) {
      tell(`full and empty memory, round ${round} of ${ROUNDS} …`)
      const before = await measure(empty, seen, SECONDS)
      ratios.push((await measure(full, seen, SECONDS)).microseconds / before.microseconds)
    }
    return [
      {
        figure: 'a seen token with full memory ÷ with an empty one',
        goal: '≤ 1.1',
        value: median(ratios).toFixed(2),
        how: `${MANY.toLocaleString('en')} revocations and remembered tokens each`
      }
    ]
  } finally {
    await empty.stop()
    await full.stop()
  }
}

async function revokeMany(url: string): Promise<void> {
  const redis = new Redis(url, { protocol: 2 })
  const until = Math.floor(Date.now() / 1000) + 3600
  for (let done = 0; done < MANY; done += 1000) {
    const pipeline = redis.pipeline()
    for (let index = 0; index < 1000; index += 1) {
      const entry = ['kind', 'session', 'id', `revoked-${done + index}`, 'until', until]
      pipeline.xadd(REVOCATION_STREAM, '*', ...entry)
    }
    await pipeline.exec()
  }
  redis.disconnect()
}
