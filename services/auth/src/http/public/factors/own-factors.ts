import { Type } from 'typebox'
import { FactorName, listedFactors, shownFactors } from '../../factor-response.ts'
import { endedProblem, noAccountProblem, turnsProblem } from '../../fields.ts'
import { ownAccount } from '../own-account.ts'
import type { Route } from '../route.ts'
import { factorChange } from './factor-change.ts'
import { FactorParams, RecoveryCodes, recentLogin } from './factor-schemas.ts'
import { limitedProblem, limitFactorChanges } from './limit-factor-changes.ts'

const OwnFactors = Type.Object(
  {
    ...listedFactors('Factors').properties,
    hasPassword: Type.Boolean({
      description:
        'Whether the account has a password, with which a user without a second factor can step up (POST /auth/step-up).',
      examples: [true]
    })
  },
  { title: 'Factors' }
)

export const listFactors: Route = (service, { accounts, factors }) => {
  service.get(
    '/factors',
    {
      schema: {
        operationId: 'listFactors',
        summary: 'List the second factors',
        description: 'Lists the second factors of the user, the oldest first.',
        tags: ['Factors'],
        response: { 200: OwnFactors },
        successes: { 200: { description: 'The factors of the user.' } },
        problems: {
          SESSION_ENDED: endedProblem,
          FORBIDDEN: noAccountProblem,
          RATE_LIMITED: turnsProblem
        }
      }
    },
    async (request) => {
      const { account } = await ownAccount(request, accounts)
      return {
        ...shownFactors(await factors.list(account.id)),
        hasPassword: account.passwordHash !== ''
      }
    }
  )
}

const renaming = {
  operationId: 'renameFactor',
  summary: 'Rename a second factor',
  description: 'Gives an active factor of the user another name.',
  tags: ['Factors'],
  successes: { 204: { description: 'The factor has the name.' } },
  problems: {
    SESSION_ENDED: endedProblem,
    FORBIDDEN: noAccountProblem,
    NOT_FOUND: 'The user has no active factor with this id.',
    RATE_LIMITED: turnsProblem
  }
}

export const renameFactor: Route = (service, { accounts, factors }) => {
  service.patch(
    '/factors/:id',
    {
      schema: {
        ...renaming,
        params: FactorParams,
        body: Type.Object(
          { name: FactorName },
          { additionalProperties: false, title: 'RenamedFactor' }
        ),
        response: { 204: Type.Null() }
      }
    },
    async (request, reply) => {
      const { account, session: sid } = await ownAccount(request, accounts)
      await factors.rename(account, { id: request.params.id, name: request.body.name, sid })
      return reply.code(204).send(null)
    }
  )
}

const removing = {
  operationId: 'removeFactor',
  summary: 'Remove a second factor',
  description: `Removes a factor of the user. With the last factor, it also removes the recovery codes. Sessions continue. ${recentLogin}`,
  tags: ['Factors'],
  successes: { 204: { description: 'The factor is removed.' } },
  problems: {
    SESSION_ENDED: endedProblem,
    FORBIDDEN: noAccountProblem,
    NOT_FOUND: 'The user has no factor with this id.',
    CONFLICT: 'It is the last one, and the account must have a second factor.',
    RATE_LIMITED: turnsProblem
  }
}

export const removeFactor: Route = (service, options) => {
  const { accounts, factors } = options
  service.delete(
    '/factors/:id',
    { schema: { ...removing, params: FactorParams, response: { 204: Type.Null() } } },
    async (request, reply) => {
      const { account, session: sid } = await ownAccount(request, accounts)
      await factors.remove(account, { id: request.params.id, sid }, factorChange(options, request))
      return reply.code(204).send(null)
    }
  )
}

const renewing = {
  operationId: 'renewRecoveryCodes',
  summary: 'Get new recovery codes',
  description: `Replaces all recovery codes of the user. ${recentLogin}`,
  tags: ['Factors'],
  successes: { 200: { description: 'The new codes, which are not shown again.' } },
  problems: {
    SESSION_ENDED: endedProblem,
    FORBIDDEN: noAccountProblem,
    CONFLICT: 'The user has no second factor that the codes could replace.',
    RATE_LIMITED: limitedProblem
  }
}

export const renewRecoveryCodes: Route = (service, options) => {
  const { accounts, factors, throttling } = options
  service.post(
    '/factors/recovery-codes',
    {
      schema: {
        ...renewing,
        response: {
          200: Type.Object({ recoveryCodes: RecoveryCodes }, { title: 'RecoveryCodes' })
        }
      }
    },
    async (request) => {
      const { account, session } = await ownAccount(request, accounts)
      await limitFactorChanges(throttling.factors, account.id)
      const codes = await factors.renewCodes(account, session, factorChange(options, request))
      return { recoveryCodes: [...codes] }
    }
  )
}
