import { Type } from 'typebox'
import { canonicalEmail } from '../../../accounts/email-addresses/email.ts'
import { ifAvailable } from '../../../if-available.ts'
import { mailOff } from '../../../mail/mail-refusals.ts'
import { invalidMember } from '../../../refusals.ts'
import { Email } from '../../fields.ts'
import { requestSourceOf } from '../../request-source.ts'
import { beforeCredentials } from '../before-credentials.ts'
import { crossSiteProblem, PageHeaders, refuseCrossSite } from '../cookies/refuse-cross-site.ts'
import { limitLetters } from '../limit-address.ts'
import { readerOf } from '../reader.ts'
import type { Route } from '../route.ts'
import { LetterToken, ResetToken } from './letter-token.ts'
import { PageSecret, SentLetter } from './page-secret.ts'

const Body = Type.Object(
  {
    token: LetterToken,
    pageSecret: Type.Optional(PageSecret)
  },
  { additionalProperties: false, title: 'EmailVerification' }
)
const Verified = Type.Object(
  {
    resetToken: Type.Union([ResetToken, Type.Null()], {
      description: 'Sets a password; null: the account keeps its password.'
    })
  },
  { title: 'VerifiedEmail' }
)
const SendBody = Type.Object(
  { email: Email, pageSecret: Type.Optional(PageSecret) },
  { additionalProperties: false, title: 'UnverifiedEmail' }
)

const documented = {
  operationId: 'verifyEmail',
  summary: 'Verify an e-mail address with a link',
  description:
    'Verifies the address to which an e-mail was sent, and completes a registration. Unless the request has the secret of the page that registered, it removes the password and ends the sessions of the account, because a stranger may have made them. It opens no session: sign in next.',
  tags: ['Accounts'],
  successes: { 200: { description: 'The address is verified.' } },
  problems: {
    FORBIDDEN: `The token is unknown, used or expired. ${crossSiteProblem}`,
    RATE_LIMITED: 'The address sends too many credentials.'
  }
}

/** Verifies the address of an account, or of a registration. */
export const verifyEmail: Route = (service, options) => {
  const { emailVerifications, clock } = options
  const { ends } = options.sessions
  service.post(
    '/email/verify',
    {
      schema: { ...documented, headers: PageHeaders, body: Body, response: { 200: Verified } },
      onRequest: beforeCredentials(options)
    },
    async (request) => {
      const { token, pageSecret } = request.body
      const by = { source: requestSourceOf(request), clock }
      const { id, ended, resetToken } = await emailVerifications.verify(token, pageSecret, by)
      // The database has stored the ends.
      if (ended.length > 0) await ifAvailable(ends.publishAll(id, null, ended))
      return { resetToken }
    }
  )
}

const sending = {
  operationId: 'sendEmailVerification',
  summary: 'Ask for a link to verify an e-mail address',
  description:
    'Sends a link to the address, if it is that of an account and not verified. The link keeps the password of the account only with the secret of the registration: send it with this request too. The response returns that secret or, if the request has none, one that proves nothing. The response is the same for every address, and does not wait for the e-mail.',
  tags: ['Accounts'],
  successes: {
    202: { description: 'If the address has an unverified account, an e-mail follows.' }
  },
  problems: {
    FORBIDDEN: `This installation sends no mail. ${crossSiteProblem}`,
    RATE_LIMITED: 'The address of the caller asks for too many e-mails.'
  }
}

export const sendEmailVerification: Route = (service, options) => {
  const { emailVerifications, mail, settings, throttling } = options
  service.post(
    '/email/verify/send',
    {
      schema: { ...sending, headers: PageHeaders, body: SendBody, response: { 202: SentLetter } },
      onRequest: [refuseCrossSite(settings.allowsOrigin), limitLetters(throttling.letters)]
    },
    async (request, reply) => {
      if (!mail.isOn) throw mailOff()
      const { pageSecret: given } = request.body
      const email = canonicalEmail(request.body.email)
      if (email === null) throw invalidMember('email', 'must be an e-mail address')
      const pageSecret = await emailVerifications.sendFurther(email, given, readerOf(request, mail))
      return reply.code(202).send({ pageSecret })
    }
  )
}
