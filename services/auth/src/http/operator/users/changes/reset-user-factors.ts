import { Type } from 'typebox'
import { Ended } from '../../../fields.ts'
import { operatorSource } from '../../access/operator-source.ts'
import type { OpsRoutes } from '../../ops-routes.ts'
import { findUser } from '../find-user.ts'
import { UserParams, userProblems } from '../user-response.ts'

/** Removes all second factors of a user. */
export const resetUserFactors: OpsRoutes = (service, options) => {
  const { accounts, factors, mail, sessions, clock } = options
  service.delete(
    '/users/:user/factors',
    {
      schema: {
        operationId: 'resetUserFactors',
        summary: 'Remove the second factors of a user',
        description:
          'Removes every second factor and the recovery codes of a user who has lost them, ends every session, and notifies the user by mail.',
        tags: ['Users'],
        successes: { 200: { description: 'What was removed and ended.' } },
        problems: userProblems,
        params: UserParams,
        response: {
          200: Type.Object(
            {
              removed: Type.Integer({
                description: 'How many factors the request removed.',
                examples: [1]
              }),
              ended: Ended
            },
            { title: 'ResetFactors' }
          )
        }
      }
    },
    async (request) => {
      const account = await findUser(accounts, request.params.user)
      const source = operatorSource(request)
      const change = { source, clock, language: mail.languageFor(undefined) }
      const { removed, ended } = await factors.reset(account, change)
      await sessions.ends.publishAll(account.id, null, ended)
      return { removed, ended: ended.length }
    }
  )
}
