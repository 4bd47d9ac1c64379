import { clientNetwork } from '@gatehouse/edge-headers/client-network'
import type { Refusal } from '@gatehouse/problem/refusal'
import type { FastifyRequest } from 'fastify'
import { tooManyLetters } from '../../mail/mail-refusals.ts'
import type { RequestLimit } from '../../throttling/request-limit.ts'
import { tooManyCredentials } from '../../throttling/throttling-refusals.ts'
import { requestSourceOf } from '../request-source.ts'

/** A hook that limits the requests of one network. */
export type LimitAddress = (request: FastifyRequest) => Promise<void>

const limitNetwork =
  (limit: RequestLimit, refusal: (waitSeconds: number) => Refusal): LimitAddress =>
  async (request) => {
    const waitSeconds = await limit.take(clientNetwork(requestSourceOf(request).address))
    if (waitSeconds !== null) throw refusal(waitSeconds)
  }

/** For the routes that take a password or a token. */
export const limitAddress = (requests: RequestLimit): LimitAddress =>
  limitNetwork(requests, tooManyCredentials)

/** For the routes that send letters to any address. */
export const limitLetters = (letters: RequestLimit): LimitAddress =>
  limitNetwork(letters, tooManyLetters)
