import { once } from 'node:events'
import { createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Figure, figure } from '../figures/figure.ts'
import type { Run } from '../figures/run.ts'
import { peakMemory, residentMemory } from '../memory.ts'
import { gateway, type Surroundings } from './contenders/contenders.ts'
import { PATH } from './contenders/load.ts'
import type { Issuer } from './contenders/tokens.ts'

const MIB = 1024 ** 2
const GIB = 1024 * MIB
const PIECE = Buffer.alloc(256 * 1024, 'x')

function* pieces(bytes: number) {
  for (let sent = 0; sent < bytes; sent += PIECE.length) yield PIECE
}

async function swallow(body: IncomingMessage): Promise<number> {
  let bytes = 0
  for await (const piece of body) bytes += piece.length
  return bytes
}

/** The peak memory while a gibibyte passes in each direction, over that of the idle process. */
export async function largeBodies(around: Surroundings, run: Run): Promise<Figure[]> {
  const bytes = run.scaled(GIB / PIECE.length) * PIECE.length
  const service = createServer(async (incoming, response) => {
    if (incoming.method === 'GET') {
      return await pipeline(Readable.from(pieces(bytes)), response)
    }
    response.end(String(await swallow(incoming)))
  })
  await once(service.listen(0, '127.0.0.1'), 'listening')
  const upstreamUrl = `http://127.0.0.1:${(service.address() as AddressInfo).port}`
  const peaks: number[] = []
  try {
    for (let round = 1; round <= run.rounds; round += 1) {
      run.tell(`${bytes / MIB} MiB down and up, round ${round} of ${run.rounds} …`)
      // A new process for each round: the peak is that of its whole life.
      const edge = await gateway({ ...around, upstreamUrl })
      try {
        const idle = residentMemory(edge.pid)
        await passThrough(edge.url, around.issuer, bytes)
        peaks.push(peakMemory(edge.pid) - idle)
      } finally {
        await edge.stop()
      }
    }
  } finally {
    service.close()
  }
  return [
    figure({
      id: 'edge/large-bodies/memory',
      title: `memory over idle while ${bytes / MIB} MiB go down and up`,
      unit: 'MiB',
      rounds: peaks,
      goal: { atMost: 64 },
      how: 'resident, at its highest, of a new process per round'
    })
  ]
}

/** @throws if a body does not arrive as it was sent */
async function passThrough(url: string, issuer: Issuer, bytes: number): Promise<void> {
  const [token] = issuer.tokens(1)
  const headers = { authorization: `Bearer ${token}` }
  const down = request(`${url}${PATH}`, { headers }).end()
  const [response] = (await once(down, 'response')) as [IncomingMessage]
  const received = await swallow(response)
  if (received !== bytes) throw new Error(`${received} of ${bytes} bytes came down`)
  const up = request(`${url}${PATH}`, {
    method: 'POST',
    headers: { ...headers, 'content-length': bytes }
  })
  const answered = once(up, 'response')
  await pipeline(Readable.from(pieces(bytes)), up)
  const [receipt] = (await answered) as [IncomingMessage]
  const sent = String((await receipt.toArray())[0])
  if (sent !== String(bytes)) throw new Error(`${sent} of ${bytes} bytes went up`)
}
