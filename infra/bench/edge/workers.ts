import { readFileSync } from 'node:fs'
import { type Figure, figure } from '../figures/figure.ts'
import type { Run } from '../figures/run.ts'
import { processTree } from '../processor-time.ts'
import { settled } from '../settled.ts'
import { type Contender, gateway, type Surroundings } from './contenders/contenders.ts'
import { measure, tokenScript } from './contenders/load.ts'

const WORKERS = 2

/**
 * The processor time of a request with several workers, all processes together. The primary process
 * accepts each connection, so connections with one request are measured too.
 */
export async function workers(around: Surroundings, run: Run): Promise<Figure[]> {
  const { tell, rounds, seconds } = run
  const { folder, issuer } = around
  const tokens = issuer.tokens(1000)
  const scripts = {
    kept: tokenScript(folder, 'kept', tokens),
    single: tokenScript(folder, 'single', tokens, { Connection: 'close' })
  }
  const one = await gateway(around)
  const several = await gateway(around, { GATEWAY_WORKERS: String(WORKERS) })
  try {
    await settled(run)
    const ratios = { kept: [] as number[], single: [] as number[] }
    for (const kind of ['kept', 'single'] as const) {
      for (const each of [one, several]) await measure(each, scripts[kind], seconds)
      for (let round = 1; round <= rounds; round += 1) {
        tell(
          `one process and ${WORKERS} workers, ${kind} connections, round ${round} of ${rounds} …`
        )
        const alone = await measure(one, scripts[kind], seconds)
        const shared = await measure(several, scripts[kind], seconds)
        ratios[kind].push(shared.microseconds / alone.microseconds)
      }
    }
    return [...ratioFigures(ratios), ...memoryFigures(several, one)]
  } finally {
    await one.stop()
    await several.stop()
  }
}

type Ratios = Readonly<Record<'kept' | 'single', readonly number[]>>

const how = `${WORKERS} workers, all processes together`

const ratioFigures = ({ kept, single }: Ratios): Figure[] => [
  figure({
    id: 'edge/workers/kept',
    title: 'a request with workers ÷ without',
    unit: 'ratio',
    rounds: kept,
    goal: { atMost: 1.11 },
    how
  }),
  figure({
    id: 'edge/workers/single',
    title: 'the same, with a connection per request',
    unit: 'ratio',
    rounds: single,
    how
  })
]

function memoryFigures(several: Contender, one: Contender): Figure[] {
  const [primary = Number.NaN, worker = Number.NaN] = memories(several)
  const [alone = Number.NaN] = memories(one)
  const named = { 'a primary process': primary, 'a worker': worker, 'a process alone': alone }
  return Object.entries(named).map(([name, memory]) =>
    figure({
      id: `edge/workers/memory/${name.split(' ')[1]}`,
      title: `memory of ${name}`,
      unit: 'MiB',
      rounds: [memory],
      better: null,
      how: 'proportional set size after the rounds'
    })
  )
}

/** Of a process and the first of its workers. Pages that several processes share count in part. */
const memories = ({ pid }: Contender): number[] =>
  processTree(pid)
    .slice(0, 2)
    .map((one) => {
      const [, kib] = /^Pss: +(\d+)/m.exec(readFileSync(`/proc/${one}/smaps_rollup`, 'utf8')) ?? []
      return Math.round(Number(kib) / 1024)
    })
