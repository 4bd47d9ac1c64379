import { forwardedHeader, gatewayHeader } from '@gatehouse/edge-headers/names'
import type { ProvesGateway } from '@gatehouse/identity/gateway-proof'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyRequest {
    /** whether a gateway sent it, so that its `x-forwarded-*` headers count */
    isFromGateway: boolean
  }
}

/**
 * Finds out whether a request comes from a gateway: by its assertion where somebody is signed in, and by the gateway's own
 * proof where nobody is. Anything else on this network can write headers, but cannot sign.
 */
export const recogniseGateway = fp(
  async (service: FastifyInstance, { provesGateway }: { provesGateway: ProvesGateway }) => {
    service.decorateRequest('isFromGateway', false)
    service.addHook('onRequest', async (request) => {
      const proof = request.headers[gatewayHeader]
      request.isFromGateway =
        request.identity !== null || (typeof proof === 'string' && (await provesGateway(proof)))
    })
  }
)

/** The client's address: the first that the gateway names. Without a gateway, the peer's. */
export function clientAddress(request: FastifyRequest): string {
  const [address = ''] = (forwarded(request, 'for') ?? request.ip).split(',', 1)
  return address.trim()
}

/** The origin (RFC 6454 §6.2) that the client sent the request to, as the gateway or, without one, this service saw it. */
export function requestOrigin(request: FastifyRequest): string {
  const protocol = forwarded(request, 'proto') ?? request.protocol
  return `${protocol}://${forwarded(request, 'host') ?? request.host}`
}

function forwarded(request: FastifyRequest, name: keyof typeof forwardedHeader): string | null {
  const value = request.headers[forwardedHeader[name]]
  return request.isFromGateway && typeof value === 'string' ? value : null
}
