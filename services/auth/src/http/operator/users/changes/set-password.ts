import { Type } from 'typebox'
import { noSuchUser } from '../../../../accounts/account-refusals.ts'
import { passwordFault } from '../../../../accounts/passwords/password-rules.ts'
import { invalidMember } from '../../../../refusals.ts'
import { newPassword } from '../../../fields.ts'
import { operatorSource } from '../../access/operator-source.ts'
import type { OpsRoutes } from '../../ops-routes.ts'
import { findUser } from '../find-user.ts'
import { toUser, UserParams, UserWithEnded, userProblems } from '../user-response.ts'

const Body = Type.Object(
  { password: newPassword('The new password.') },
  { additionalProperties: false, title: 'NewPassword' }
)

/**
 * Sets a user's password, by the rules of a registration. Ends every session, and any wait after
 * guesses of strangers.
 */
export const setPassword: OpsRoutes = (service, options) => {
  const { accounts, sessions, throttling } = options
  service.put(
    '/users/:user/password',
    {
      schema: {
        operationId: 'setPassword',
        summary: 'Set a password',
        description:
          'Sets the password of a user, by the rules of a registration. Ends every session, and any wait that wrong guesses of others have caused.',
        tags: ['Users'],
        successes: { 200: { description: 'The user.' } },
        problems: userProblems,
        params: UserParams,
        body: Body,
        response: { 200: UserWithEnded }
      }
    },
    async (request) => {
      const account = await findUser(accounts, request.params.user)
      const { password } = request.body
      const fault = await passwordFault(password, account.email)
      if (fault !== null) throw invalidMember('password', fault)
      const sids = await accounts.setPassword(account, password, operatorSource(request))
      if (sids === null) throw noSuchUser()
      await sessions.ends.publishAll(account.id, null, sids)
      await throttling.guesses.forgetStrangers(account.email)
      return { user: toUser(account), ended: sids.length }
    }
  )
}
