import { Type } from 'typebox'
import { Ended } from '../fields.ts'
import { Factor, shownFactor } from '../public/factor-schemas.ts'
import { findUser } from './find-user.ts'
import { operatorSource } from './operator-source.ts'
import type { OpsRoutes } from './ops-routes.ts'
import { UserParams, userProblems } from './user-response.ts'

/** Lists the second factors of a user, and removes them all. */
export const factorRoutes: OpsRoutes = (service, options) => {
  const { accounts, factors, mail, sessions, clock } = options
  service.get(
    '/users/:user/factors',
    {
      schema: {
        operationId: 'listUserFactors',
        summary: 'List the second factors of a user',
        description: 'Lists the second factors of a user, without their secrets.',
        tags: ['Users'],
        answers: { 200: { description: 'The factors, the oldest first.' } },
        problems: userProblems,
        params: UserParams,
        response: {
          200: Type.Object(
            {
              factors: Type.Array(Factor, { description: 'The factors, the oldest first.' }),
              recoveryCodes: Type.Integer({
                description: 'How many recovery codes are left.',
                examples: [10]
              })
            },
            { title: 'UserFactors' }
          )
        }
      }
    },
    async ({ params }) => {
      const { id } = await findUser(accounts, params.user)
      const own = await factors.list(id)
      return { factors: own.factors.map(shownFactor), recoveryCodes: own.recoveryCodes }
    }
  )

  service.delete(
    '/users/:user/factors',
    {
      schema: {
        operationId: 'resetUserFactors',
        summary: 'Remove the second factors of a user',
        description:
          'Removes every second factor and the recovery codes of a user who has lost them, ends every session, and notifies the user by mail.',
        tags: ['Users'],
        answers: { 200: { description: 'What was removed and ended.' } },
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
      await sessions.ends.tellAll(account.id, null, ended)
      return { removed, ended: ended.length }
    }
  )
}
