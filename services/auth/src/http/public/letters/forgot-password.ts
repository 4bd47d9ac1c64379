import { Type } from 'typebox'
import { canonicalEmail } from '../../../accounts/email-addresses/email.ts'
import { mailOff } from '../../../mail/mail-refusals.ts'
import { MOST_PER_ADDRESS } from '../../../mail/queue/mail-queue.ts'
import { invalidMember } from '../../../refusals.ts'
import { Email } from '../../fields.ts'
import { crossSiteProblem, PageHeaders, refuseCrossSite } from '../cookies/refuse-cross-site.ts'
import { limitLetters } from '../limit-address.ts'
import { readerOf } from '../reader.ts'
import type { Route } from '../route.ts'

const Body = Type.Object(
  { email: Email },
  { additionalProperties: false, title: 'ForgottenPassword' }
)

const Accepted = Type.Object(
  {},
  { title: 'Accepted', description: 'An empty object, the same for every address.' }
)

const documented = {
  operationId: 'forgotPassword',
  summary: 'Ask for a link to set a new password',
  description: `Sends a link to the address, if it is that of an account. The response is the same for every address, and does not wait for the e-mail. An address gets at most ${MOST_PER_ADDRESS} such e-mails per hour. The e-mail is in the language of Accept-Language.`,
  tags: ['Accounts'],
  successes: { 202: { description: 'If the address is that of an account, an e-mail follows.' } },
  problems: {
    FORBIDDEN: `This installation sends no mail. ${crossSiteProblem}`,
    RATE_LIMITED: 'The address of the caller asks for too many e-mails.'
  }
}

/**
 * Only queues the address: whether it is that of an account, and whether its letter arrives, makes
 * no difference to the response, nor to the time that it takes.
 */
export const forgotPassword: Route = (service, options) => {
  const { mail, passwordResets, settings, throttling } = options
  service.post(
    '/password/forgot',
    {
      schema: {
        ...documented,
        headers: PageHeaders,
        body: Body,
        response: { 202: Accepted }
      },
      onRequest: [refuseCrossSite(settings.allowsOrigin), limitLetters(throttling.letters)]
    },
    async (request, reply) => {
      if (!mail.isOn) throw mailOff()
      const email = canonicalEmail(request.body.email)
      if (email === null) throw invalidMember('email', 'must be an e-mail address')
      await passwordResets.request(email, readerOf(request, mail))
      return reply.code(202).send({})
    }
  )
}
