import { freePort } from '@gatehouse/start/free-port'
import type { Row } from '../table.ts'
import { comparedCost } from './compared-cost.ts'
import { gateway, type Surroundings } from './contenders.ts'
import { measure, PATH, tokenScript } from './load.ts'

const SECONDS = 3

/** The cost of a decision that a proxy asks for, compared with forwarding the same request. */
export async function verifications(
  around: Surroundings,
  tell: (line: string) => void
): Promise<Row[]> {
  const { folder, issuer } = around
  const port = await freePort()
  const tokens = issuer.tokens(1000)
  const forwarded = tokenScript(folder, 'forwarded', tokens)
  const described = {
    'X-Forwarded-Method': 'GET',
    'X-Forwarded-Uri': PATH,
    'X-Forwarded-Host': 'bench',
    'X-Forwarded-Proto': 'https',
    'X-Forwarded-For': '198.51.100.7'
  }
  const asked = tokenScript(folder, 'asked', tokens, described, '/verify')
  const edge = await gateway(around, {
    GATEWAY_VERIFY_PORT: String(port),
    GATEWAY_TRUSTED_PROXIES: '127.0.0.1'
  })
  const verify = { ...edge, url: `http://127.0.0.1:${port}` }
  try {
    return await comparedCost({
      what: 'requests of proxies that ask',
      tell,
      cost: {
        figure: 'processor time of a decision for a proxy',
        how: 'a seen token; headers describe the request'
      },
      ratio: { figure: '÷ forwarding the request', goal: '≤ 0.5' },
      async round() {
        const decision = await measure(verify, asked, SECONDS)
        const request = await measure(edge, forwarded, SECONDS)
        return { own: decision.microseconds, other: request.microseconds }
      }
    })
  } finally {
    await edge.stop()
  }
}
