import { readFileSync } from 'node:fs'
import { processTree } from '../processor-time.ts'
import { median, type Row } from '../table.ts'
import { type Contender, gateway, type Surroundings } from './contenders.ts'
import { measure, tokenScript } from './load.ts'

const ROUNDS = 5
const SECONDS = 3
const WORKERS = 2

/**
 * The processor time of a request with several workers, all processes together. The primary process
 * accepts each connection, so connections with one request are measured too.
 */
export async function workers(around: Surroundings, tell: (line: string) => void): Promise<Row[]> {
  const { folder, issuer } = around
  const tokens = issuer.tokens(1000)
  const scripts = {
    kept: tokenScript(folder, 'kept', tokens),
    single: tokenScript(folder, 'single', tokens, { Connection: 'close' })
  }
  const one = await gateway(around)
  const several = await gateway(around, { GATEWAY_WORKERS: String(WORKERS) })
  try {
    const ratios = { kept: [] as number[], single: [] as number[] }
    for (const kind of ['kept', 'single'] as const) {
      for (const each of [one, several]) await measure(each, scripts[kind], SECONDS)
      for (let round = 1; round <= ROUNDS; round += 1) {
        tell(
          `one process and ${WORKERS} workers, ${kind} connections, round ${round} of ${ROUNDS} …`
        )
        const alone = await measure(one, scripts[kind], SECONDS)
        const shared = await measure(several, scripts[kind], SECONDS)
        ratios[kind].push(shared.microseconds / alone.microseconds)
      }
    }
    const how = `${WORKERS} workers, all processes together, median of ${ROUNDS} rounds`
    return [
      {
        figure: 'a request with workers ÷ without',
        goal: '≤ 1.11',
        value: median(ratios.kept).toFixed(2),
        how
      },
      {
        figure: 'the same, with a connection of its own',
        goal: '–',
        value: median(ratios.single).toFixed(2),
        how
      },
      {
        figure: 'memory of a primary process, a worker, a process alone',
        goal: '–',
        value: `${[...memories(several), ...memories(one)].join(', ')} MiB`,
        how: 'proportional set size after the rounds'
      }
    ]
  } finally {
    await one.stop()
    await several.stop()
  }
}

/** Of a process and the first of its workers. Pages that several processes share count in part. */
const memories = ({ pid }: Contender): number[] =>
  processTree(pid)
    .slice(0, 2)
    .map((one) => {
      const [, kib] = /^Pss: +(\d+)/m.exec(readFileSync(`/proc/${one}/smaps_rollup`, 'utf8')) ?? []
      return Math.round(Number(kib) / 1024)
    })
