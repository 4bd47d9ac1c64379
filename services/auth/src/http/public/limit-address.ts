import { clientNetwork } from '@gatehouse/edge-headers/client-network'
import type { FastifyRequest } from 'fastify'
import { tooManyLetters } from '../../mail/mail-refusals.ts'
import { tooManyCredentials } from '../../refusals.ts'
import type { RequestLimit } from '../../throttling/request-limit.ts'
import { requestSourceOf } from '../request-source.ts'

/** A hook for the routes that take a password. */
export type LimitAddress = (request: FastifyRequest) => Promise<void>

export function limitAddress(requests: RequestLimit): LimitAddress {
  return async (request) => {
    const waitSeconds = await requests.take(clientNetwork(requestSourceOf(request).address))
    if (waitSeconds !== null) throw tooManyCredentials(waitSeconds)
  }
}

/** A hook for the routes that have a letter sent to any address. */
export function limitLetters(letters: RequestLimit): LimitAddress {
  return async (request) => {
    const waitSeconds = await letters.take(clientNetwork(requestSourceOf(request).address))
    if (waitSeconds !== null) throw tooManyLetters(waitSeconds)
  }
}
