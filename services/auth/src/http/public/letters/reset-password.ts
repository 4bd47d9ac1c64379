import { Type } from 'typebox'
import { passwordFault } from '../../../accounts/passwords/password-rules.ts'
import { ifAvailable } from '../../../if-available.ts'
import { invalidMember } from '../../../refusals.ts'
import { newPassword } from '../../fields.ts'
import { beforeCredentials } from '../before-credentials.ts'
import { crossSiteProblem, PageHeaders } from '../cookies/refuse-cross-site.ts'
import { readerOf } from '../reader.ts'
import type { Route } from '../route.ts'
import { LetterToken } from './letter-token.ts'

const Body = Type.Object(
  {
    token: LetterToken,
    newPassword: newPassword('The password that replaces the forgotten one.')
  },
  { additionalProperties: false, title: 'PasswordReset' }
)

const documented = {
  operationId: 'resetPassword',
  summary: 'Set a new password with a link',
  description:
    'Sets a new password with the token of an e-mail, ends every session of the user, and notifies the user by mail. The token works once, and only until the password or the address of the account changes. It opens no session: sign in next.',
  tags: ['Accounts'],
  successes: { 204: { description: 'The password is set, and every session has ended.' } },
  problems: {
    FORBIDDEN: `The token is unknown, used or expired. ${crossSiteProblem}`,
    RATE_LIMITED: 'The address sends too many credentials.'
  }
}

export const resetPassword: Route = (service, options) => {
  const { accounts, mail, passwordResets } = options
  const { guesses } = options.throttling
  const { ends } = options.sessions
  service.post(
    '/password/reset',
    {
      schema: {
        ...documented,
        headers: PageHeaders,
        body: Body,
        response: { 204: Type.Null() }
      },
      onRequest: beforeCredentials(options)
    },
    async (request, reply) => {
      const { token, newPassword: chosen } = request.body
      const reader = readerOf(request, mail)
      const proven = await passwordResets.prove(token, reader.source)
      const { account } = proven
      const fault = await passwordFault(chosen, account.email)
      if (fault !== null) throw invalidMember('newPassword', fault)
      const passwordHash = await accounts.passwords.hash(chosen)
      const ended = await passwordResets.redeem(proven, { ...reader, passwordHash })
      // The database has stored the change. What follows is completed by others if it fails here.
      await ifAvailable(ends.publishAll(account.id, null, ended))
      await ifAvailable(guesses.forgetStrangers(account.email))
      return reply.code(204).send(null)
    }
  )
}
