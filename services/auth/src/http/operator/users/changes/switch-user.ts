import { operatorSource } from '../../access/operator-source.ts'
import type { OpsRoutes } from '../../ops-routes.ts'
import { findUser } from '../find-user.ts'
import { toUser, UserParams, UserResponse, UserWithEnded, userProblems } from '../user-response.ts'

/** Disables a user and ends all of their sessions, and enables a user again. */
export const switchUser: OpsRoutes = (service, options) => {
  const { accounts, clock } = options
  const { stale } = options.revocations
  const { ends } = options.sessions
  service.post(
    '/users/:user/disable',
    {
      schema: {
        operationId: 'disableUser',
        summary: 'Disable a user',
        description: 'Blocks sign-in, and ends every session of the user.',
        tags: ['Users'],
        successes: { 200: { description: 'The user.' } },
        problems: userProblems,
        params: UserParams,
        response: { 200: UserWithEnded }
      }
    },
    async (request) => {
      const account = await findUser(accounts, request.params.user)
      const disabling = { stale: stale.now, source: operatorSource(request), clock }
      const sids = await accounts.changes.disable(account.id, disabling)
      await ends.publishAll(account.id, null, sids)
      await stale.publish(account.id)
      return { user: toUser({ ...account, disabled: true }), ended: sids.length }
    }
  )

  service.post(
    '/users/:user/enable',
    {
      schema: {
        operationId: 'enableUser',
        summary: 'Enable a user',
        description: 'Lets the user sign in again.',
        tags: ['Users'],
        successes: { 200: { description: 'The user.' } },
        problems: userProblems,
        params: UserParams,
        response: { 200: UserResponse }
      }
    },
    async (request) => {
      const account = await findUser(accounts, request.params.user)
      await accounts.changes.enable(account.id, { source: operatorSource(request), clock })
      return { user: toUser({ ...account, disabled: false, deleteAfter: null }) }
    }
  )
}
