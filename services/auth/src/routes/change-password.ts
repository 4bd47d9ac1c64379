import { requireIdentity } from '@gatehouse/identity/identity'
import { Type } from 'typebox'
import {
  PASSWORD_MAX_LENGTH,
  PASSWORD_MIN_LENGTH,
  passwordFault
} from '../accounts/password-rules.ts'
import { invalidMember, sessionEnded, wrongCredentials } from '../refusals.ts'
import { networkOf } from './caller.ts'
import type { Route } from './needs.ts'
import { originOf } from './origin-of.ts'

const Body = Type.Object(
  {
    currentPassword: Type.String({ minLength: 1, maxLength: PASSWORD_MAX_LENGTH }),
    newPassword: Type.String({ minLength: PASSWORD_MIN_LENGTH, maxLength: PASSWORD_MAX_LENGTH })
  },
  { additionalProperties: false }
)

/**
 * Whoever knows the old password sets a new one, and is then signed in here only. A stolen access token is not enough, and
 * guesses with it are slowed like those at the front door.
 */
export const changePassword: Route = (service, needs) => {
  const { accounts, passwords, checkCredentials, sessions, audit } = needs
  service.post(
    '/password',
    { schema: { body: Body, response: { 204: Type.Null() } }, onRequest: needs.limitAddress },
    async (request, reply) => {
      const { subject, session } = requireIdentity(request)
      const { currentPassword, newPassword } = request.body
      const found = await accounts.findById(subject)
      if (found === null || found.disabled) throw sessionEnded('the account is disabled or gone')
      const fault = await passwordFault(newPassword, found.email)
      if (fault !== null) throw invalidMember('newPassword', fault)

      const origin = originOf(request)
      const caller = { email: found.email, network: networkOf(origin), device: session }
      const account = await checkCredentials({
        account: found,
        password: currentPassword,
        caller,
        origin
      })
      const passwordHash = await passwords.hash(newPassword)
      // Somebody was faster: the password that was shown is not the current one any more.
      if (!(await accounts.changePassword(account, passwordHash))) throw wrongCredentials()
      await audit.write({ kind: 'password-changed', subject, sid: session, origin })
      await sessions.endAll(subject, session, origin)
      return reply.code(204).send(null)
    }
  )
}
