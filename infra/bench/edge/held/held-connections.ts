import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { REVOCATION_STREAM } from '@gatehouse/revocation/redis-revocations'
import { EVERYTHING } from '@gatehouse/revocation/revocation'
import { freePort } from '@gatehouse/start/free-port'
import { Redis } from 'ioredis'
import { type Figure, figure } from '../../figures/figure.ts'
import type { Run } from '../../figures/run.ts'
import { residentMemory } from '../../memory.ts'
import { linesOf, ready, start } from '../../programs.ts'
import { type Contender, gateway, type Surroundings } from '../contenders/contenders.ts'

const MANY = 10_000
/** Other files of the process. */
const OTHER_FILES = 500

const kinds = { websocket: 'WebSockets', events: 'event streams' } as const
type Kind = keyof typeof kinds

const program = (name: string) => fileURLToPath(new URL(`./${name}.ts`, import.meta.url))

/** What many open connections cost, and how soon they end when every token is revoked. */
export async function heldConnections(around: Surroundings, run: Run): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const kind of Object.keys(kinds) as Kind[]) {
    const count = Math.min(run.scaled(MANY), mostConnections())
    run.tell(`opening ${count.toLocaleString('en')} ${kinds[kind]} …`)
    const { bytes, seconds } = await held(around, kind, count)
    const at = `${count.toLocaleString('en')} ${kinds[kind]}`
    figures.push(
      figure({
        id: `edge/held/${kind}/bytes`,
        title: `memory of each of ${at}`,
        unit: 'bytes',
        rounds: [bytes],
        // With few, it is mostly the memory of the first ones.
        goal: run.isShort ? null : { atMost: 20 * 1024 },
        how: 'resident, over that of the idle process'
      }),
      figure({
        id: `edge/held/${kind}/seconds`,
        title: `until ${at} are closed`,
        unit: 's',
        rounds: [seconds],
        goal: { atMost: 2 },
        how: 'after the revocation of all tokens; clients on the same machine'
      })
    )
  }
  return figures
}

/** How many connections a process may have, each with one to a service. */
function mostConnections(): number {
  const printed = spawnSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).stdout.trim()
  const files = printed === 'unlimited' ? Number.POSITIVE_INFINITY : Number(printed)
  return Math.floor((files - OTHER_FILES) / 2)
}

async function held(around: Surroundings, kind: Kind, count: number) {
  const { folder, issuer, redisUrl } = around
  const port = await freePort()
  const service = start('upstream', [process.execPath, program('held-service'), String(port)])
  const upstreamUrl = `http://127.0.0.1:${port}`
  const tokens = join(folder, `${kind}-tokens.txt`)
  writeFileSync(tokens, issuer.tokens(count).join('\n'))
  const route = { websocket: kind === 'websocket', events: kind === 'events' }
  let edge: Contender | null = null
  let lines: ReturnType<typeof linesOf> | null = null
  try {
    await ready(service, upstreamUrl, [200])
    edge = await gateway({ ...around, upstreamUrl, route }, unlimited(count))
    // Memory that the start has used is free by then.
    await sleep(5000)
    const idle = residentMemory(edge.pid)
    const clients = [
      process.execPath,
      program('held-clients'),
      kind,
      new URL(edge.url).port,
      tokens
    ]
    lines = linesOf('load', clients)
    const opened = (await lines.next()).value
    if (opened !== `open ${count}`) throw new Error(`${kinds[kind]}: ${opened}`)
    const bytes = ((residentMemory(edge.pid) - idle) * 1024 ** 2) / count
    const revoked = Date.now()
    await revokeEverything(redisUrl)
    const ended = (await lines.next()).value
    return { bytes, seconds: (Number(ended) - revoked) / 1000 }
  } finally {
    await lines?.return(undefined)
    await edge?.stop()
    await service.stop()
  }
}

const unlimited = (count: number): Record<string, string> => ({
  GATEWAY_CONNECTIONS: String(2 * count),
  GATEWAY_CONNECTIONS_PER_ADDRESS: String(2 * count),
  GATEWAY_UPSTREAM_CONNECTIONS: String(2 * count),
  GATEWAY_UPSTREAM_WEBSOCKETS: String(2 * count)
})

async function revokeEverything(url: string): Promise<void> {
  const redis = new Redis(url, { protocol: 2 })
  const now = Math.floor(Date.now() / 1000)
  const entry = ['kind', EVERYTHING, 'id', EVERYTHING, 'until', now + 60, 'before', now]
  await redis.xadd(REVOCATION_STREAM, '*', ...entry)
  redis.disconnect()
}
