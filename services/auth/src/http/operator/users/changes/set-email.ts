import { Type } from 'typebox'
import { noSuchUser } from '../../../../accounts/account-refusals.ts'
import { canonicalEmail, typedEmail } from '../../../../accounts/email-addresses/email.ts'
import { identityFault } from '../../../../accounts/identity-fault.ts'
import { invalidMember } from '../../../../refusals.ts'
import { Email } from '../../../fields.ts'
import { operatorSource } from '../../access/operator-source.ts'
import type { OpsRoutes } from '../../ops-routes.ts'
import { findUser } from '../find-user.ts'
import { toUser, UserParams, UserResponse, userProblems } from '../user-response.ts'

const Body = Type.Object({ email: Email }, { additionalProperties: false, title: 'EmailChange' })

/** Replaces the e-mail address of a user, who signs in with the new one. Sessions continue. */
export const setEmail: OpsRoutes = (service, { accounts, revocations, clock }) => {
  const { stale } = revocations
  service.put(
    '/users/:user/email',
    {
      schema: {
        operationId: 'setEmail',
        summary: 'Replace the e-mail address',
        description:
          'The user signs in with the new address, which counts as verified. Sessions continue. Links that undo earlier changes no longer work.',
        tags: ['Users'],
        successes: { 200: { description: 'The user.' } },
        problems: { ...userProblems, CONFLICT: 'The e-mail address is taken.' },
        params: UserParams,
        body: Body,
        response: { 200: UserResponse }
      }
    },
    async (request) => {
      const account = await findUser(accounts, request.params.user)
      const email = canonicalEmail(request.body.email)
      if (email === null) throw invalidMember('email', 'must be an e-mail address')
      const fault = identityFault({ ...account, email })
      if (fault !== null) throw invalidMember('email', fault)
      const change = { stale: stale.now, source: operatorSource(request), clock }
      const address = { email, emailTyped: typedEmail(request.body.email) }
      const changed = await accounts.changes.setEmail(account.id, address, change)
      if (changed === null) throw noSuchUser()
      await stale.publish(account.id)
      return { user: toUser(changed) }
    }
  )
}
