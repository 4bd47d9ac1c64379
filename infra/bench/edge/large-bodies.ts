import { once } from 'node:events'
import { createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { peakMemory, residentMemory } from '../memory.ts'
import type { Row } from '../table.ts'
import { gateway, type Surroundings } from './contenders.ts'
import { PATH } from './load.ts'

const MIB = 1024 ** 2
const GIB = 1024 * MIB
const PIECE = Buffer.alloc(256 * 1024, 'x')

function* pieces() {
  for (let sent = 0; sent < GIB; sent += PIECE.length) yield PIECE
}

async function swallow(body: IncomingMessage): Promise<void> {
  for await (const piece of body) void piece
}

/** The peak memory while a gibibyte passes, and the memory afterwards. */
export async function largeBodies(
  around: Surroundings,
  tell: (line: string) => void
): Promise<Row[]> {
  const service = createServer(async (incoming, response) => {
    if (incoming.method === 'GET') return await pipeline(Readable.from(pieces()), response)
    await swallow(incoming)
    response.end('done')
  })
  await once(service.listen(0, '127.0.0.1'), 'listening')
  const upstreamUrl = `http://127.0.0.1:${(service.address() as AddressInfo).port}`
  const edge = await gateway({ ...around, upstreamUrl })
  const [token] = around.issuer.tokens(1)
  const headers = { authorization: `Bearer ${token}` }
  try {
    const idle = residentMemory(edge.pid)
    tell('a gibibyte down and up …')
    const down = request(`${edge.url}${PATH}`, { headers }).end()
    const [answer] = (await once(down, 'response')) as [IncomingMessage]
    await swallow(answer)
    const up = request(`${edge.url}${PATH}`, {
      method: 'POST',
      headers: { ...headers, 'content-length': GIB }
    })
    const answered = once(up, 'response')
    await pipeline(Readable.from(pieces()), up)
    const [receipt] = (await answered) as [IncomingMessage]
    await swallow(receipt)
    return [
      {
        figure: 'memory over idle while 1 GiB goes down and up',
        goal: '≤ 64 MiB',
        value: `${(peakMemory(edge.pid) - idle).toFixed(0)} MiB`,
        how: `resident, at its highest; idle ${idle.toFixed(0)} MiB`
      }
    ]
  } finally {
    await edge.stop()
    service.close()
  }
}
