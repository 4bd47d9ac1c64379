import type { FastifyRequest } from 'fastify'
import type { Mail } from '../../mail/mail.ts'
import type { Reader } from '../../mail/queue/queued-mail.ts'
import { requestSourceOf } from '../request-source.ts'

/** The reader of a letter that a request causes. */
export const readerOf = (request: FastifyRequest, mail: Pick<Mail, 'languageFor'>): Reader => ({
  source: requestSourceOf(request),
  language: mail.languageFor(request.headers['accept-language'])
})
