import { Type } from 'typebox'
import { ifAvailable } from '../../../if-available.ts'
import { FactorName } from '../../factor-response.ts'
import { endedProblem, noAccountProblem } from '../../fields.ts'
import { ownAccount } from '../own-account.ts'
import type { Route } from '../route.ts'
import { factorChange } from './factor-change.ts'
import {
  DEFAULT_NAME,
  digitsOf,
  FactorParams,
  NewTotp,
  RecoveryCodes,
  recentLogin,
  shownNewFactor,
  Totp
} from './factor-schemas.ts'
import { limitedProblem, limitFactorChanges } from './limit-factor-changes.ts'
import { requireProvenEmail } from './require-proven-email.ts'

const adding = {
  operationId: 'addFactor',
  summary: 'Add an authenticator app',
  description: `Creates the secret of a new authenticator. It becomes active when it is confirmed with its first code, within 15 minutes. ${recentLogin}`,
  tags: ['Factors'],
  successes: { 201: { description: 'The secret, which is not shown again.' } },
  problems: {
    SESSION_ENDED: endedProblem,
    FORBIDDEN: `Second factors are turned off, or the e-mail address must be verified first. ${noAccountProblem}`,
    CONFLICT: 'The account has five factors already.',
    RATE_LIMITED: limitedProblem
  }
}

export const addFactor: Route = (service, { accounts, factors, settings, throttling }) => {
  service.post(
    '/factors',
    {
      schema: {
        ...adding,
        body: Type.Object(
          {
            type: Type.Literal('totp', {
              description: 'totp: an authenticator app (RFC 6238).',
              examples: ['totp']
            }),
            name: Type.Optional(FactorName)
          },
          { additionalProperties: false, title: 'AddedFactor' }
        ),
        response: { 201: NewTotp }
      }
    },
    async (request, reply) => {
      const { account, session: sid } = await ownAccount(request, accounts)
      requireProvenEmail(account, settings)
      await limitFactorChanges(throttling.factors, account.id)
      const added = await factors.add(account, { name: request.body.name ?? DEFAULT_NAME, sid })
      return reply.code(201).send(shownNewFactor(added))
    }
  )
}

const confirming = {
  operationId: 'confirmFactor',
  summary: 'Confirm an authenticator app',
  description: `Activates a new authenticator. The first one of an account also creates ten recovery codes, and ends every other session. ${recentLogin}`,
  tags: ['Factors'],
  successes: {
    200: {
      description: 'The factor is active. With the first one, the response has recovery codes.'
    }
  },
  problems: {
    INVALID_REQUEST: 'The code is wrong.',
    SESSION_ENDED: endedProblem,
    FORBIDDEN: `Second factors are turned off. ${noAccountProblem}`,
    NOT_FOUND: 'No authenticator with this id waits for its first code.',
    CONFLICT: 'The account has five factors already.',
    RATE_LIMITED: 'The address sends too many credentials.'
  }
}

export const confirmFactor: Route = (service, options) => {
  const { accounts, factors, sessions } = options
  service.post(
    '/factors/:id/confirm',
    {
      schema: {
        ...confirming,
        params: FactorParams,
        body: Type.Object(
          { totp: Totp },
          { additionalProperties: false, title: 'FactorConfirmation' }
        ),
        response: {
          200: Type.Object(
            { recoveryCodes: Type.Optional(RecoveryCodes) },
            { title: 'ConfirmedFactor', description: 'The codes of the first factor.' }
          )
        }
      },
      onRequest: options.limitAddress
    },
    async (request) => {
      const { account, session: sid } = await ownAccount(request, accounts)
      const factor = { id: request.params.id, code: digitsOf(request.body.totp), sid }
      const change = factorChange(options, request)
      const { recoveryCodes, ended } = await factors.confirm(account, factor, change)
      // The database has stored the ends.
      if (ended.length > 0) await ifAvailable(sessions.ends.publishAll(account.id, sid, ended))
      return recoveryCodes === null ? {} : { recoveryCodes: [...recoveryCodes] }
    }
  )
}
