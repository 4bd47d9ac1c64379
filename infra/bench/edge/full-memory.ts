import { REVOCATION_STREAM } from '@gatehouse/revocation/redis-revocations'
import { Redis } from 'ioredis'
import { type Figure, figure } from '../figures/figure.ts'
import type { Run } from '../figures/run.ts'
import { settled } from '../settled.ts'
import { gateway, type Surroundings } from './contenders/contenders.ts'
import { measure, tokenScript } from './contenders/load.ts'

const MANY = 100_000
const SEEN = 1000

/**
 * Shows that a request costs the same with full caches and a full revocation set as with empty
 * ones.
 */
export async function fullMemory(around: Surroundings, run: Run): Promise<Figure[]> {
  const { tell, rounds, seconds } = run
  const many = Math.max(run.scaled(MANY), SEEN)
  const { folder, issuer, redisUrl } = around
  const seen = tokenScript(folder, 'few', issuer.tokens(SEEN))
  const service = { GATEWAY_TOKEN_CACHE_BYTES: String(1024 ** 3) }
  const empty = await gateway(around, service)
  tell(`revoking ${many.toLocaleString('en')} sessions, remembering as many tokens …`)
  await revokeMany(redisUrl, many)
  const full = await gateway(around, service)
  try {
    await settled(run)
    const all = tokenScript(folder, 'many', issuer.tokens(many))
    let asked = 0
    while (asked < many) asked += (await measure(full, all, seconds)).requests
    for (const one of [empty, full]) await measure(one, seen, seconds)
    const measured: number[] = []
    for (let round = 1; round <= rounds; round += 1) {
      tell(`full and empty memory, round ${round} of ${rounds} …`)
      const before = await measure(empty, seen, seconds)
      measured.push((await measure(full, seen, seconds)).microseconds / before.microseconds)
    }
    return [
      figure({
        id: 'edge/full-memory/ratio',
        title: 'a seen token with full memory ÷ with an empty one',
        unit: 'ratio',
        rounds: measured,
        goal: { atMost: 1.1 },
        how: `${many.toLocaleString('en')} revocations and remembered tokens each`
      })
    ]
  } finally {
    await empty.stop()
    await full.stop()
  }
}

async function revokeMany(url: string, many: number): Promise<void> {
  const redis = new Redis(url, { protocol: 2 })
  const until = Math.floor(Date.now() / 1000) + 3600
  for (let done = 0; done < many; done += 1000) {
    const pipeline = redis.pipeline()
    for (let index = 0; index < 1000; index += 1) {
      const entry = ['kind', 'session', 'id', `revoked-${done + index}`, 'until', until]
      pipeline.xadd(REVOCATION_STREAM, '*', ...entry)
    }
    await pipeline.exec()
  }
  redis.disconnect()
}
