import type { FastifyRequest } from 'fastify'
import type { FactorChange } from '../../../factors/factor-changes.ts'
import { readerOf } from '../reader.ts'
import type { PublicRouteOptions } from '../route.ts'

/** Who changes a factor, and in which language the letter is. */
export const factorChange = (
  { mail, clock }: Pick<PublicRouteOptions, 'mail' | 'clock'>,
  request: FastifyRequest
): FactorChange => ({
  ...readerOf(request, mail),
  clock
})
