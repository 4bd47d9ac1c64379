import type { IncomingMessage } from 'node:http'
import type { FastifyReply } from 'fastify'
import { isStatus, NotAResponse, refusalOf } from '../forwarding/faults/upstream-faults.ts'
import { clientHeaders } from '../forwarding/headers/client-headers.ts'
import type { ResponseHeaders } from '../forwarding/headers/passed-headers.ts'
import type { Lifetimes } from '../forwarding/lifetimes.ts'
import type { Passage } from '../request/passage.ts'
import type { RouteTable } from '../routes/table/route-table.ts'

type RefusalOptions = {
  /** the process of the service, as an origin */
  readonly address: string
  readonly lifetimes: Lifetimes
  readonly table: () => RouteTable
}

/** Passes on the response of a service that does not accept the upgrade, if it is valid. */
export function passRefusal(
  reply: FastifyReply,
  response: IncomingMessage,
  passage: Passage,
  { address, lifetimes, table }: RefusalOptions
): void {
  const { route, token } = passage
  const { statusCode = 0, socket } = response
  // After the response, Node.js keeps the connection for another request, which never comes, and
  // nothing listens to its errors.
  socket.on('error', () => {})
  response.once('close', () => socket.destroy())
  try {
    if (!isStatus(statusCode)) throw new NotAResponse(`a status of ${statusCode}`)
    reply.headers(clientHeaders(response.headers as ResponseHeaders, passage, address, table()))
  } catch (error) {
    if (!(error instanceof NotAResponse)) throw error
    response.destroy()
    reply.send(refusalOf(error))
    return
  }
  // A service that ignores the upgrade may respond with a stream. It ends with its token, or when
  // it pauses too long.
  const cut = () => response.destroy()
  response.setTimeout(route.idleSeconds * 1000, cut)
  reply.raw.once('close', lifetimes.watch(token, cut))
  reply.code(statusCode).send(response)
}
