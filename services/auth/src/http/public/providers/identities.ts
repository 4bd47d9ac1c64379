import { Type } from 'typebox'
import { endedProblem, exchange, noAccountProblem, turnsProblem } from '../../fields.ts'
import { factorChange } from '../factors/factor-change.ts'
import { recentLogin } from '../factors/factor-schemas.ts'
import { limitedProblem, limitFactorChanges } from '../factors/limit-factor-changes.ts'
import { requireProvenEmail } from '../factors/require-proven-email.ts'
import { ownAccount } from '../own-account.ts'
import type { Route } from '../route.ts'
import { Identity, IdentityParams, listedIdentities, shownIdentity } from './provider-schemas.ts'

const tags = ['Providers']

export const listIdentities: Route = (service, { accounts, providers }) => {
  service.get(
    '/identities',
    {
      schema: {
        operationId: 'listIdentities',
        summary: 'List the linked providers',
        description: 'Lists the providers with which the user can sign in, the oldest first.',
        tags,
        response: { 200: listedIdentities('Identities') },
        successes: { 200: { description: 'The linked providers of the user.' } },
        problems: {
          SESSION_ENDED: endedProblem,
          FORBIDDEN: noAccountProblem,
          RATE_LIMITED: turnsProblem
        }
      }
    },
    async (request) => {
      const { account } = await ownAccount(request, accounts)
      return { identities: (await providers.identities(account)).map(shownIdentity) }
    }
  )
}

const linking = {
  operationId: 'linkIdentity',
  summary: 'Link a provider',
  description: `Links the person who has come back from a provider to the account of the user, or links them again after a change of the password. ${recentLogin}`,
  tags,
  successes: { 201: { description: 'The linked provider.' } },
  problems: {
    UNAUTHENTICATED:
      'The code is unknown, used or expired, or the verifier is wrong: begin again at the provider.',
    SESSION_ENDED: endedProblem,
    FORBIDDEN: `The e-mail address must be verified first; or the provider has not verified an address of an allowed domain. ${noAccountProblem}`,
    CONFLICT: 'The person is linked to another account, or the account has too many providers.',
    RATE_LIMITED: `${limitedProblem} ${turnsProblem}`
  }
}

export const linkIdentity: Route = (service, options) => {
  const { accounts, providers, settings, throttling } = options
  service.post(
    '/identities',
    {
      schema: {
        ...linking,
        body: Type.Object(exchange, { additionalProperties: false, title: 'IdentityLink' }),
        response: { 201: Identity }
      }
    },
    async (request, reply) => {
      const { account, session: sid } = await ownAccount(request, accounts)
      requireProvenEmail(account, settings)
      await limitFactorChanges(throttling.factors, account.id)
      const change = factorChange(options, request)
      const linked = await providers.link(account, { ...request.body, sid }, change)
      return reply.code(201).send(shownIdentity(linked))
    }
  )
}

const unlinking = {
  operationId: 'unlinkIdentity',
  summary: 'Unlink a provider',
  description: `Removes a linked provider of the user. Sessions continue. ${recentLogin}`,
  tags,
  successes: { 204: { description: 'The provider is no longer linked.' } },
  problems: {
    SESSION_ENDED: endedProblem,
    FORBIDDEN: noAccountProblem,
    NOT_FOUND: 'The user has no linked provider with this id.',
    CONFLICT:
      'Nothing else would open a session: the account has no password, no passkey that opens one, and no other linked provider.',
    RATE_LIMITED: turnsProblem
  }
}

export const unlinkIdentity: Route = (service, options) => {
  const { accounts, providers } = options
  service.delete(
    '/identities/:id',
    { schema: { ...unlinking, params: IdentityParams, response: { 204: Type.Null() } } },
    async (request, reply) => {
      const { account, session: sid } = await ownAccount(request, accounts)
      const which = { id: request.params.id, sid }
      await providers.unlink(account, which, factorChange(options, request))
      return reply.code(204).send(null)
    }
  )
}
