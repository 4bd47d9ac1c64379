import { Type } from 'typebox'
import { findUser } from './find-user.ts'
import type { OpsRoutes } from './ops-api.ts'
import { opsOrigin } from './ops-origin.ts'
import { toUser, User, UserAnswer, UserParams } from './user-response.ts'

/** Shuts a user out, with all of their sessions, and lets one in again. */
export const switchUser: OpsRoutes = (service, { accounts, families, audit, stale, clock }) => {
  service.post(
    '/users/:user/disable',
    {
      schema: {
        params: UserParams,
        response: { 200: Type.Object({ user: User, ended: Type.Integer() }) }
      }
    },
    async (request) => {
      const account = await findUser(accounts, request.params.user)
      // First: a login that is under way looks at it once more after it has opened its session.
      const changed = await accounts.disable(account.id, clock(), stale.now())
      const ended = await families.endAll(account.id, null)
      if (changed) {
        await audit.write({
          ...{ kind: 'user-disabled', subject: account.id, sid: null, origin: opsOrigin(request) },
          detail: { ended }
        })
      }
      await stale.tell()
      return { user: toUser({ ...account, disabled: true }), ended }
    }
  )

  service.post(
    '/users/:user/enable',
    { schema: { params: UserParams, response: { 200: UserAnswer } } },
    async (request) => {
      const account = await findUser(accounts, request.params.user)
      const changed = await accounts.enable(account.id)
      if (changed) {
        await audit.write({
          kind: 'user-enabled',
          subject: account.id,
          sid: null,
          origin: opsOrigin(request)
        })
      }
      return { user: toUser({ ...account, disabled: false }) }
    }
  )
}
