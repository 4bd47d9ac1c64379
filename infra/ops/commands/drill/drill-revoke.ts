import { type Command, type MonotonicClock, type Typed, textOption } from '../../command.ts'
import { BadUsage } from '../../failures.ts'
import {
  type DrillGround,
  drillOptions,
  drillUsage,
  extent,
  onDrillGround,
  REFUSED_WITHIN_MS
} from './drill-ground.ts'
import { failed, percentile, refusedAfter, takenByAll } from './propagation.ts'

const DEFAULT_ROUNDS = 20
const MOST_ROUNDS = 1000

export const drillRevoke: Command = {
  name: 'drill revoke',
  usage: `${drillUsage} [--rounds NUMBER]`,
  summary:
    'Signs a separate account in and out repeatedly, and reports how long after a logout each ' +
    'gateway refuses the access token. Fails if that takes more than a second.',
  options: { ...drillOptions, rounds: { type: 'string' } },
  words: [0, 0],
  async run(typed, { ops, environment, monotonicClock }) {
    const rounds = roundsOf(typed)
    return onDrillGround({ name: 'revoke', typed, ops, environment }, async (ground) => {
      const took = await measure(ground, rounds, monotonicClock)
      const figures = {
        p50Ms: Math.round(percentile(took, 0.5)),
        p99Ms: Math.round(percentile(took, 0.99)),
        worstMs: Math.round(Math.max(...took))
      }
      const text = `p50 ${figures.p50Ms} ms, p99 ${figures.p99Ms} ms, worst ${figures.worstMs} ms in ${rounds} logouts (${extent(ground)})`
      if (figures.worstMs > REFUSED_WITHIN_MS) throw failed(`Too slow: ${text}`)
      const { gateways, live } = ground
      return {
        json: { rounds, gateways: { asked: gateways.length, live }, ...figures },
        text,
        figures: { rounds, ...figures }
      }
    })
  }
}

/** The time from the response to each logout, at one gateway after the other. */
async function measure(
  { gateways, credentials }: DrillGround,
  rounds: number,
  monotonicClock: MonotonicClock
): Promise<number[]> {
  const took: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const gateway = gateways[round % gateways.length] ?? gateways[0]
    const { accessToken, refreshToken } = await gateway.login(credentials)
    await takenByAll(gateways, accessToken)
    const { status, code } = await gateway.logout(refreshToken)
    if (status !== 204) throw failed(`${gateway.url} answered ${code} to a logout.`)
    took.push(...(await refusedAfter(gateways, accessToken, monotonicClock)))
  }
  return took
}

function roundsOf(typed: Typed): number {
  const rounds = Number(textOption(typed, 'rounds') ?? DEFAULT_ROUNDS)
  if (Number.isInteger(rounds) && rounds > 0 && rounds <= MOST_ROUNDS) return rounds
  throw new BadUsage(`--rounds must be a number from 1 to ${MOST_ROUNDS}.`)
}
