import { freePort } from '@gatehouse/start/free-port'
import type { Figure } from '../../figures/figure.ts'
import type { Run } from '../../figures/run.ts'
import { gateway, type Surroundings } from '../contenders/contenders.ts'
import { measure, PATH, tokenScript } from '../contenders/load.ts'
import { comparedCost } from './compared-cost.ts'

/** The cost of a decision that a proxy asks for, compared with forwarding the same request. */
export async function verifications(around: Surroundings, run: Run): Promise<Figure[]> {
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
    return await comparedCost(run, {
      what: 'requests of proxies that ask',
      cost: {
        id: 'edge/verification',
        title: 'processor time of a decision for a proxy',
        how: 'a seen token; headers describe the request'
      },
      ratio: {
        id: 'edge/verification/ratio',
        title: '÷ forwarding the request',
        goal: { atMost: 0.5 }
      },
      async round() {
        const decision = await measure(verify, asked, run.seconds)
        const request = await measure(edge, forwarded, run.seconds)
        return { own: decision.microseconds, other: request.microseconds }
      }
    })
  } finally {
    await edge.stop()
  }
}
