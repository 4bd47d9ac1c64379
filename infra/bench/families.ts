import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startRedis } from '@gatehouse/fixtures/redis-server'
import type { Redis } from 'ioredis'
import { refreshOverHttp } from './refresh-over-http.ts'
import { bytesPerSession, rotationsInStore } from './session-bytes.ts'
import { median, type Row } from './table.ts'

const ROUNDS = 5
const KEYCLOAK_REFRESHES = 120

/** Refresh-token families: their rotations per second, and their memory. */
export async function families(tell: (line: string) => void): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'))
  const server = await startRedis(folder, { durable: false })
  try {
    return [
      ...(await speed(server.url, server.redis, folder, tell)),
      ...(await weight(server.redis, tell))
    ]
  } finally {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function speed(url: string, redis: Redis, folder: string, tell: (line: string) => void) {
  tell('rotating over HTTP: an auth process, 32 clients with a session each …')
  const rounds = await refreshOverHttp({ url, redis, folder, rounds: ROUNDS })
  const authMicroseconds = median(rounds.map((round) => round.authMicroseconds))
  const redisMicroseconds = median(rounds.map((round) => round.redisMicroseconds))
  const perSecond = 1e6 / authMicroseconds
  const scripts = median(rounds.map((round) => round.scriptCalls))
  const how = `median of ${ROUNDS} rounds of ${rounds[0]?.refreshes ?? 0} refreshes over HTTP`
  tell('rotating in the store alone …')
  const store = await rotationsInStore(redis)
  return [
    row('refreshes per second and core of the auth service', perSecond.toFixed(0), '', how),
    row(
      '÷ what Keycloak publishes',
      (perSecond / KEYCLOAK_REFRESHES).toFixed(1),
      '≥ 40',
      `${KEYCLOAK_REFRESHES} per second and vCPU`
    ),
    row(
      'processor time per refresh, auth service',
      `${authMicroseconds.toFixed(0)} µs`,
      '',
      'from /proc'
    ),
    row(
      'processor time per refresh, Redis',
      `${redisMicroseconds.toFixed(0)} µs`,
      '',
      'INFO of Redis'
    ),
    row('store round trips per rotation', scripts.toFixed(2), '1', 'scripts called ÷ refreshes'),
    row('rotations per second in Redis alone', store.toFixed(0), '', 'one connection, 64 at a time')
  ]
}

async function weight(redis: Redis, tell: (line: string) => void) {
  const rows: Row[] = []
  for (const sessions of [100_000, 1_000_000]) {
    tell(`weighing ${sessions.toLocaleString('en')} sessions, three per user …`)
    const { whole, fresh, rotated, rotatedSessions } = await bytesPerSession(redis, sessions)
    const some = `MEMORY USAGE of ${rotatedSessions.toLocaleString('en')} of them`
    const at = sessions.toLocaleString('en')
    rows.push(
      row(`bytes per session at ${at}`, whole.toFixed(0), '≤ 160', 'used_memory, before and after'),
      row('  their keys alone', fresh.toFixed(1), '', some),
      row('  the same after 100 rotations', rotated.toFixed(1), 'equal', 'of each of these')
    )
  }
  return rows
}

const row = (figure: string, value: string, goal: string, how: string): Row => ({
  figure,
  value,
  goal,
  how
})
