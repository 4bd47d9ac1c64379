import type { Figure } from '../../figures/figure.ts'
import type { Run } from '../../figures/run.ts'
import { gateway, type Surroundings } from '../contenders/contenders.ts'
import { measure, tokenScript } from '../contenders/load.ts'
import { LARGE } from '../contenders/upstream.ts'
import { comparedCost } from './compared-cost.ts'

/** The cost of a request to a service over HTTP/2, compared with the same over HTTP/1.1. */
export async function httpTwo(around: Surroundings, run: Run): Promise<Figure[]> {
  const { folder, issuer, httpTwoUrl } = around
  const tokens = issuer.tokens(1000)
  const small = tokenScript(folder, 'small', tokens)
  const large = tokenScript(folder, 'large', tokens, {}, LARGE.path)
  const one = await gateway(around)
  const two = await gateway({ ...around, upstreamUrl: httpTwoUrl, protocol: 'h2c' })
  // The first large responses of a new process take long.
  const seconds = Math.max(run.seconds, 2)
  const compared = (id: string, title: string, script: string) =>
    comparedCost(run, {
      what: title,
      cost: { id, title: `processor time of ${title}`, how: 'h2c to nginx, a seen token' },
      ratio: { id: `${id}/ratio`, title: '÷ the same over HTTP/1.1', goal: null },
      round: async () => ({
        own: (await measure(two, script, seconds)).microseconds,
        other: (await measure(one, script, seconds)).microseconds
      })
    })
  try {
    return [
      ...(await compared('edge/http-two/small', 'a request to a service over HTTP/2', small)),
      ...(await compared('edge/http-two/large', 'a response of 256 KiB over HTTP/2', large))
    ]
  } finally {
    await one.stop()
    await two.stop()
  }
}
