import { Type } from 'typebox'
import { canonicalEmail } from '../../accounts/email.ts'
import { mailOff } from '../../mail/mail-refusals.ts'
import { invalidMember } from '../../refusals.ts'
import { Email } from '../fields.ts'
import { requestSourceOf } from '../request-source.ts'
import { limitLetters } from './limit-address.ts'
import { crossSiteProblem, PageHeaders, refuseCrossSite } from './refuse-cross-site.ts'
import type { Route } from './route.ts'

const Body = Type.Object(
  { email: Email },
  { additionalProperties: false, title: 'ForgottenPassword' }
)

const Accepted = Type.Object(
  {},
  { title: 'Accepted', description: 'Nothing: it is the same for every address.' }
)

const documented = {
  operationId: 'forgotPassword',
  summary: 'Ask for a link to set a new password',
  description:
    'Sends a link to the address, if it is that of an account. The response is the same for every address, and does not wait for the letter. One address gets at most 5 letters an hour, in the language of Accept-Language.',
  tags: ['Accounts'],
  answers: { 202: { description: 'If the address is that of an account, a letter follows.' } },
  problems: {
    FORBIDDEN: `This installation sends no mail. ${crossSiteProblem}`,
    RATE_LIMITED: 'The address of the caller asks for too many letters.'
  }
}

/**
 * Only queues the address: whether it is that of an account, and whether its letter arrives, makes
 * no difference to the response, nor to the time that it takes.
 */
export const forgotPassword: Route = (service, options) => {
  const { guesses, mail, passwordResets, settings } = options
  service.post(
    '/password/forgot',
    {
      schema: {
        ...documented,
        headers: PageHeaders,
        body: Body,
        response: { 202: Accepted }
      },
      onRequest: [refuseCrossSite(settings.allowsOrigin), limitLetters(guesses.letters)]
    },
    async (request, reply) => {
      if (!mail.isOn) throw mailOff()
      const email = canonicalEmail(request.body.email)
      if (email === null) throw invalidMember('email', 'must be an e-mail address')
      const language = mail.languageFor(request.headers['accept-language'])
      await passwordResets.request(email, { source: requestSourceOf(request), language })
      return reply.code(202).send({})
    }
  )
}
