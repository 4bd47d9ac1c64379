import { median, type Row } from '../table.ts'
import { gateway, type Surroundings } from './contenders.ts'

const ROUNDS = 5

/** From the start of its process until a gateway is ready. */
export async function starts(around: Surroundings, tell: (line: string) => void): Promise<Row[]> {
  tell('starting …')
  const seconds: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = performance.now()
    const edge = await gateway(around)
    seconds.push((performance.now() - before) / 1000)
    await edge.stop()
  }
  return [
    {
      figure: 'a gateway process to ready',
      goal: '≤ 1 s',
      value: `${median(seconds).toFixed(2)} s`,
      how: `median of ${ROUNDS} starts`
    }
  ]
}
