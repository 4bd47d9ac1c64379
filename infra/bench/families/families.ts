import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startRedis } from '@gatehouse/fixtures/redis-server'
import type { Redis } from 'ioredis'
import { type Figure, figure } from '../figures/figure.ts'
import type { Run } from '../figures/run.ts'
import { refreshCost } from './refresh-cost.ts'
import { bytesPerSession, rotationsInStore } from './session-bytes.ts'

/** Refresh-token families: the cost of their rotations, and their memory. */
export async function families(run: Run): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'))
  const server = await startRedis(folder, { durable: false })
  try {
    return [
      ...(await refreshCost({ ...server, folder }, run)),
      ...(await storeSpeed(server.redis, run)),
      ...(await weight(server.redis, run))
    ]
  } finally {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function storeSpeed(redis: Redis, run: Run): Promise<Figure[]> {
  run.tell('rotating in the store alone …')
  return [
    figure({
      id: 'families/store/per-second',
      title: 'rotations per second in Redis alone',
      unit: 'per second',
      rounds: await rotationsInStore(redis, run),
      better: 'higher',
      how: 'one connection, 64 at a time'
    })
  ]
}

async function weight(redis: Redis, run: Run): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const sessions of [100_000, 1_000_000].map(run.scaled)) {
    const at = sessions.toLocaleString('en')
    run.tell(`weighing ${at} sessions, three per user …`)
    const { whole, fresh, rotated, rotatedSessions } = await bytesPerSession(redis, sessions, run)
    const how = `MEMORY USAGE of ${rotatedSessions.toLocaleString('en')} of them`
    const id = `families/bytes/${sessions}`
    figures.push(
      figure({
        id,
        title: `bytes per session at ${at}`,
        unit: 'bytes',
        rounds: [whole],
        // Of few sessions, the tables of the server itself are a large part.
        goal: run.isShort ? null : { atMost: 140 },
        how: 'used_memory, before and after'
      }),
      figure({
        id: `${id}/keys`,
        title: '  their keys alone',
        unit: 'bytes',
        rounds: [fresh],
        how
      }),
      figure({
        id: `${id}/growth`,
        title: '  the same after rotations ÷ before',
        unit: 'ratio',
        rounds: [rotated / fresh],
        goal: { atMost: 1 },
        how: `${run.scaled(100)} rotations of each of these`
      })
    )
  }
  return figures
}
