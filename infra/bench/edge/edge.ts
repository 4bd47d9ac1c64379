import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startRedis } from '@gatehouse/fixtures/redis-server'
import type { Figure } from '../figures/figure.ts'
import type { Run } from '../figures/run.ts'
import { isInstalled } from '../programs.ts'
import { throughput } from './bulk/throughput.ts'
import type { Surroundings } from './contenders/contenders.ts'
import { issuer } from './contenders/tokens.ts'
import { nginx } from './contenders/upstream.ts'
import { httpTwo } from './costs/http-two.ts'
import { telemetry } from './costs/telemetry.ts'
import { unseenTokens } from './costs/unseen-tokens.ts'
import { verifications } from './costs/verifications.ts'
import { fullMemory } from './full-memory.ts'
import { heldConnections } from './held/held-connections.ts'
import { largeBodies } from './large-bodies.ts'
import { latency } from './latency/latency.ts'
import { peers } from './peers.ts'
import { workers } from './workers.ts'

/**
 * The edge: the cost of a request, compared with other programs that do the same.
 * @throws if the programs to measure with are missing
 */
export async function edge(run: Run): Promise<Figure[]> {
  for (const program of ['nginx', 'wrk']) {
    if (!isInstalled(program))
      throw new Error(`${program} is not installed: the edge cannot be measured`)
  }
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'))
  const [redis, issuing, upstream] = [
    await startRedis(join(folder), { durable: false }),
    await issuer(),
    await nginx(folder)
  ]
  const around: Surroundings = {
    folder,
    redisUrl: redis.url,
    upstreamUrl: upstream.url,
    httpTwoUrl: upstream.httpTwoUrl,
    issuer: issuing
  }
  try {
    const figures: Figure[] = []
    for (const part of [
      peers,
      unseenTokens,
      latency,
      largeBodies,
      throughput,
      heldConnections,
      httpTwo,
      workers,
      fullMemory,
      verifications,
      telemetry
    ]) {
      figures.push(...(await part(around, run)))
    }
    return figures
  } finally {
    await upstream.stop()
    issuing.close()
    await redis.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}
