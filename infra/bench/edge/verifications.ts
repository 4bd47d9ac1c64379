import { freePort } from '@gatehouse/start/free-port'
import { median, type Row } from '../table.ts'
import { gateway, type Surroundings } from './contenders.ts'
import { measure, PATH, tokenScript } from './load.ts'

const ROUNDS = 5
const SECONDS = 3

/** What a proxy says about the request that it asks about. */
const DESCRIBED = {
  'X-Forwarded-Method': 'GET',
  'X-Forwarded-Uri': PATH,
  'X-Forwarded-Host': 'bench',
  'X-Forwarded-Proto': 'https',
  'X-Forwarded-For': '198.51.100.7'
}

/** The cost of a decision that a proxy asks for, compared with forwarding the same request. */
export async function verifications(
  around: Surroundings,
  tell: (line: string) => void
): Promise<Row[]> {
  const { folder, issuer } = around
  const port = await freePort()
  const tokens = issuer.tokens(1000)
  const forwarded = tokenScript(folder, 'forwarded', tokens)
  const asked = tokenScript(folder, 'asked', tokens, DESCRIBED, '/verify')
  const edge = await gateway(around, {
    GATEWAY_VERIFY_PORT: String(port),
    GATEWAY_TRUSTED_PROXIES: '127.0.0.1'
  })
  const verify = { ...edge, url: `http://127.0.0.1:${port}` }
  try {
    const costs: number[] = []
    const ratios: number[] = []
    for (let round = 0; round <= ROUNDS; round += 1) {
      tell(`requests of proxies that ask, round ${round} of ${ROUNDS} …`)
      const decision = await measure(verify, asked, SECONDS)
      const request = await measure(edge, forwarded, SECONDS)
      // The first round only warms up.
      if (round === 0) continue
      costs.push(decision.microseconds)
      ratios.push(decision.microseconds / request.microseconds)
    }
    return rows(costs, ratios)
  } finally {
    await edge.stop()
  }
}

const rows = (costs: readonly number[], ratios: readonly number[]): Row[] => [
  {
    figure: 'processor time of a decision for a proxy',
    goal: '',
    value: `${median(costs).toFixed(0)} µs`,
    how: 'a seen token; headers describe the request'
  },
  {
    figure: '÷ forwarding the request',
    goal: '≤ 0.5',
    value: median(ratios).toFixed(2),
    how: `${ROUNDS} rounds in turns`
  }
]
