import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Figure } from '../../figures/figure.ts'
import type { Run } from '../../figures/run.ts'
import { gateway, type Surroundings } from '../contenders/contenders.ts'
import { measure, tokenScript } from '../contenders/load.ts'
import { comparedCost } from './compared-cost.ts'

/** a caller that samples its trace (W3C Trace Context, 3.2.2) */
const SAMPLED = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }

/**
 * The cost of a request with the access log, and with a span that is exported, compared with the
 * same request without them.
 */
export async function telemetry(around: Surroundings, run: Run): Promise<Figure[]> {
  const { folder, issuer } = around
  const tokens = issuer.tokens(1000)
  const script = tokenScript(folder, 'logged', tokens)
  const traced = tokenScript(folder, 'traced', tokens, SAMPLED)
  const collector = await spanCollector()
  const log = { GATEWAY_ACCESS_LOG: 'on' }
  const plain = await gateway(around, { GATEWAY_ACCESS_LOG: 'off' })
  const logging = await gateway(around, log)
  const tracing = await gateway(around, {
    ...log,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint
  })
  const compared = (id: string, name: string, own: () => ReturnType<typeof measure>) =>
    comparedCost(run, {
      what: name,
      cost: { id, title: `processor time of a request, with ${name}`, how: 'a seen token' },
      ratio: { id: `${id}/ratio`, title: '÷ the same without', goal: null },
      round: async () => ({
        own: (await own()).microseconds,
        other: (await measure(plain, script, run.seconds)).microseconds
      })
    })
  try {
    return [
      ...(await compared('edge/logged', 'the access log', () =>
        measure(logging, script, run.seconds)
      )),
      ...(await compared('edge/traced', 'the access log and a span', () =>
        exportingAll(collector, () => measure(tracing, traced, run.seconds))
      ))
    ]
  } finally {
    for (const edge of [plain, logging, tracing]) await edge.stop()
    collector.close()
  }
}

/** The server span of a request, and the client span of its service. */
const SPANS_PER_REQUEST = 2
/** The last spans wait for the next batch. */
const LEAST_SHARE = 0.9

/** @throws if spans were dropped, because the figure would then mean something else */
async function exportingAll(
  collector: Awaited<ReturnType<typeof spanCollector>>,
  measured: () => ReturnType<typeof measure>
) {
  const before = collector.spans()
  const result = await measured()
  const spans = collector.spans() - before
  const expected = result.requests * SPANS_PER_REQUEST
  if (spans < expected * LEAST_SHARE) throw new Error(`${spans} of ${expected} spans were exported`)
  return result
}

/** A collector that takes everything. */
async function spanCollector() {
  let spans = 0
  const server = createServer(async (incoming, response) => {
    spans += (await text(incoming)).split('"spanId"').length - 1
    response.end('{}')
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  return {
    endpoint: `http://127.0.0.1:${port}`,
    spans: () => spans,
    close: () => server.close()
  }
}
