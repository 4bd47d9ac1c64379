import type { FastifyRequest } from 'fastify'
import type { FactorChange } from '../../factors/factor-changes.ts'
import { requestSourceOf } from '../request-source.ts'
import type { PublicRouteOptions } from './route.ts'

/** Who changes a factor, and in which language the letter is. */
export const factorChange = (
  { mail, clock }: Pick<PublicRouteOptions, 'mail' | 'clock'>,
  request: FastifyRequest
): FactorChange => ({
  source: requestSourceOf(request),
  language: mail.languageFor(request.headers['accept-language']),
  clock
})
