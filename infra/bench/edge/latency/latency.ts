import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Figure, figure } from '../../figures/figure.ts'
import type { Run } from '../../figures/run.ts'
import { output } from '../../programs.ts'
import { settled } from '../../settled.ts'
import { gateway, type Surroundings } from '../contenders/contenders.ts'
import { measure, PATH, tokenScript } from '../contenders/load.ts'

const clients = fileURLToPath(new URL('./latency-clients.ts', import.meta.url))

/** Latencies in milliseconds. */
type Latencies = { readonly half: number; readonly p99: number; readonly p999: number }

/** How much later responses arrive through the gateway than from the service, at half its load. */
export async function latency(around: Surroundings, run: Run): Promise<Figure[]> {
  const { folder, issuer, upstreamUrl } = around
  const tokens = issuer.tokens(1000)
  const script = tokenScript(folder, 'latency', tokens)
  const file = join(folder, 'latency-tokens.txt')
  writeFileSync(file, tokens.join('\n'))
  const edge = await gateway(around)
  const added: Latencies[] = []
  try {
    await settled(run)
    await measure(edge, script, run.seconds)
    const { requests } = await measure(edge, script, run.seconds)
    const rate = Math.ceil(requests / run.seconds / 2)
    const through = (url: string) => latenciesOf(url, rate, run.seconds, file)
    for (let round = 0; round <= run.rounds; round += 1) {
      run.tell(`latency at ${rate} requests per second, round ${round} of ${run.rounds} …`)
      const [direct, gated] = [await through(upstreamUrl), await through(edge.url)]
      // The first round only warms up.
      if (round > 0) added.push(difference(gated, direct))
    }
    return figuresOf(added, rate)
  } finally {
    await edge.stop()
  }
}

function figuresOf(added: readonly Latencies[], rate: number): Figure[] {
  const how = `${rate} requests per second, half of what it can do; over the service alone`
  const of = (key: keyof Latencies) => added.map((one) => one[key] * 1000)
  return [
    figure({
      id: 'edge/latency/median',
      title: 'added latency, median',
      unit: 'µs',
      rounds: of('half'),
      how
    }),
    figure({
      id: 'edge/latency/p99',
      title: '  99th percentile',
      unit: 'µs',
      rounds: of('p99'),
      goal: { atMost: 1000 },
      how
    }),
    figure({
      id: 'edge/latency/p999',
      title: '  99.9th percentile',
      unit: 'µs',
      rounds: of('p999'),
      goal: { atMost: 3000 },
      how
    })
  ]
}

const difference = (one: Latencies, other: Latencies): Latencies => ({
  half: one.half - other.half,
  p99: one.p99 - other.p99,
  p999: one.p999 - other.p999
})

/** @throws if fewer requests were answered than were sent in all but the last moment */
async function latenciesOf(
  url: string,
  rate: number,
  seconds: number,
  tokens: string
): Promise<Latencies> {
  const { port } = new URL(url)
  const given = [port, PATH, String(rate), String(seconds), tokens]
  const printed = await output('load', [process.execPath, clients, ...given])
  const [answered = 0, half = 0, p99 = 0, p999 = 0] = printed.trim().split(' ').map(Number)
  if (!(answered > 0.9 * rate * seconds)) {
    throw new Error(`${url} answered ${answered} of ${rate * seconds} requests`)
  }
  return { half, p99, p999 }
}
