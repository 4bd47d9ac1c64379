import { Type } from 'typebox'
import { canonicalEmail, typedEmail } from '../../../accounts/email-addresses/email.ts'
import { identityFault } from '../../../accounts/identity-fault.ts'
import { ifAvailable } from '../../../if-available.ts'
import { mailOff } from '../../../mail/mail-refusals.ts'
import { invalidMember } from '../../../refusals.ts'
import { sessionEnded } from '../../../sessions/session-refusals.ts'
import { Email, endedProblem, noAccountProblem } from '../../fields.ts'
import { requestSourceOf } from '../../request-source.ts'
import { beforeCredentials } from '../before-credentials.ts'
import { crossSiteProblem, PageHeaders } from '../cookies/refuse-cross-site.ts'
import { limitLetters } from '../limit-address.ts'
import { ownAccount } from '../own-account.ts'
import { readerOf } from '../reader.ts'
import type { Route } from '../route.ts'
import { LetterToken, ResetToken } from './letter-token.ts'

const Body = Type.Object({ email: Email }, { additionalProperties: false, title: 'NewEmail' })
const Accepted = Type.Object(
  {},
  { title: 'AcceptedEmail', description: 'An empty object, the same for every address.' }
)
const TokenBody = Type.Object(
  { token: LetterToken },
  { additionalProperties: false, title: 'EmailChangeLink' }
)

const asking = {
  operationId: 'changeEmail',
  summary: 'Ask to change the e-mail address',
  description:
    'Sends a link that confirms the change to the new address. The response is the same for every address. The shipped route table requires a login within the last 15 minutes.',
  tags: ['Accounts'],
  successes: { 202: { description: 'An e-mail to the new address follows.' } },
  problems: {
    SESSION_ENDED: endedProblem,
    FORBIDDEN: `This installation sends no mail. ${noAccountProblem}`,
    RATE_LIMITED: 'The address of the caller asks for too many e-mails.'
  }
}

/** Nothing changes until the link in the letter to the new address is opened. */
export const changeEmail: Route = (service, options) => {
  const { accounts, emailChanges, mail, throttling } = options
  service.post(
    '/email',
    {
      schema: { ...asking, body: Body, response: { 202: Accepted } },
      onRequest: limitLetters(throttling.letters)
    },
    async (request, reply) => {
      const { account, session } = await ownAccount(request, accounts)
      if (!mail.isOn) throw mailOff()
      const email = canonicalEmail(request.body.email)
      if (email === null) throw invalidMember('email', 'must be an e-mail address')
      const fault = identityFault({ ...account, email })
      if (fault !== null) throw invalidMember('email', fault)
      if (email === account.email) throw invalidMember('email', 'must be another address')
      const address = { email, emailTyped: typedEmail(request.body.email) }
      const by = { ...readerOf(request, mail), sid: session }
      const isOpen = await emailChanges.request(account, address, by)
      if (!isOpen) throw sessionEnded('the session has ended')
      return reply.code(202).send({})
    }
  )
}

const confirming = {
  operationId: 'confirmEmail',
  summary: 'Confirm a new e-mail address with a link',
  description:
    'Replaces the e-mail address. Sessions continue. The previous address gets an e-mail with a link that undoes the change.',
  tags: ['Accounts'],
  successes: { 204: { description: 'The account has the new address.' } },
  problems: {
    FORBIDDEN: `The token is unknown, used or expired, or another account has the address. ${crossSiteProblem}`,
    RATE_LIMITED: 'The address sends too many credentials.'
  }
}

export const confirmEmail: Route = (service, options) => {
  const { emailChanges, mail, revocations, clock } = options
  const { stale } = revocations
  service.post(
    '/email/confirm',
    {
      schema: {
        ...confirming,
        headers: PageHeaders,
        body: TokenBody,
        response: { 204: Type.Null() }
      },
      onRequest: beforeCredentials(options)
    },
    async (request, reply) => {
      const change = { ...readerOf(request, mail), stale: stale.now, clock }
      await ifAvailable(stale.publish(await emailChanges.confirm(request.body.token, change)))
      return reply.code(204).send(null)
    }
  )
}

const undoing = {
  operationId: 'undoEmail',
  summary: 'Undo a change of the e-mail address with a link',
  description:
    'Restores the previous address, for an owner who did not change it. Ends every session, and removes the password of the account.',
  tags: ['Accounts'],
  successes: { 200: { description: 'The account has its previous address.' } },
  problems: {
    FORBIDDEN: `The token is unknown, used or expired. ${crossSiteProblem}`,
    RATE_LIMITED: 'The address sends too many credentials.'
  }
}

export const undoEmail: Route = (service, options) => {
  const { emailChanges, revocations, clock } = options
  const { stale } = revocations
  const { ends } = options.sessions
  service.post(
    '/email/undo',
    {
      schema: {
        ...undoing,
        headers: PageHeaders,
        body: TokenBody,
        response: { 200: Type.Object({ resetToken: ResetToken }, { title: 'UndoneEmail' }) }
      },
      onRequest: beforeCredentials(options)
    },
    async (request) => {
      const change = { stale: stale.now, source: requestSourceOf(request), clock }
      const { id, ended, resetToken } = await emailChanges.undo(request.body.token, change)
      await ifAvailable(ends.publishAll(id, null, ended))
      await ifAvailable(stale.publish(id))
      return { resetToken }
    }
  )
}
