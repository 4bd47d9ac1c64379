import { forwardedHeader, gatewayHeader } from '@gatehouse/edge-headers/names'
import type { ProvesGateway } from '@gatehouse/identity/gateway-proof'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { clientGone } from './http-refusals.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** whether a gateway sent it, so that its `x-forwarded-*` headers count */
    isFromGateway: boolean
  }
}

/**
 * Finds out whether a request comes from a gateway: by its assertion if a user is signed in,
 * otherwise by the gateway's proof. Any other program on this network can write headers, but cannot
 * sign.
 */
export const recogniseGateway = fp(
  async (service: FastifyInstance, { provesGateway }: { provesGateway: ProvesGateway }) => {
    service.decorateRequest('isFromGateway', false)
    service.addHook('onRequest', (request, _reply, done) => {
      const proof = request.headers[gatewayHeader]
      request.isFromGateway = request.identity !== null
      if (request.isFromGateway || typeof proof !== 'string') return done()
      provesGateway(proof).then((isProved) => {
        request.isFromGateway = isProved
        done()
      }, done)
    })
  }
)

/**
 * The client's address: the first one in the gateway's header; without a gateway, the peer's
 * address.
 * @throws Refusal INVALID_REQUEST if there is none, because the peer has reset the connection
 */
export function clientAddress(request: FastifyRequest): string {
  const addresses = forwarded(request, 'for') ?? peerAddress(request)
  if (addresses === undefined) throw clientGone()
  const [address = ''] = addresses.split(',', 1)
  return address.trim()
}

/** The system forgets it when the peer resets the connection; Fastify's types do not say so. */
const peerAddress = ({ ip }: FastifyRequest): string | undefined => ip

/**
 * The origin (RFC 6454 §6.2) to which the client sent the request, as the gateway or, without a
 * gateway, this service saw it.
 */
export function requestOrigin(request: FastifyRequest): string {
  const protocol = forwarded(request, 'proto') ?? request.protocol
  return `${protocol}://${forwarded(request, 'host') ?? request.host}`
}

function forwarded(request: FastifyRequest, name: keyof typeof forwardedHeader): string | null {
  const value = request.headers[forwardedHeader[name]]
  return request.isFromGateway && typeof value === 'string' ? value : null
}
