import { Type } from 'typebox'
import { ifAvailable } from '../../../if-available.ts'
import { Factor, FactorName, shownFactor } from '../../factor-response.ts'
import { endedProblem, noAccountProblem, turnsProblem } from '../../fields.ts'
import { ownAccount } from '../own-account.ts'
import type { Route } from '../route.ts'
import { factorChange } from './factor-change.ts'
import { DEFAULT_PASSKEY_NAME, RecoveryCodes, recentLogin } from './factor-schemas.ts'
import { limitedProblem, limitFactorChanges } from './limit-factor-changes.ts'
import { PasskeyCreation, PasskeyRegistration, PasskeyRequest } from './passkey-schemas.ts'
import { requireProvenEmail } from './require-proven-email.ts'

const off = 'Second factors or passkeys are turned off'

const asking = {
  operationId: 'askForPasskey',
  summary: 'Begin to add a passkey',
  description: `Returns the options with which the browser makes a passkey. ${recentLogin}`,
  tags: ['Factors'],
  successes: { 200: { description: 'The options of navigator.credentials.create().' } },
  problems: {
    SESSION_ENDED: endedProblem,
    FORBIDDEN: `${off}, or the e-mail address must be verified first. ${noAccountProblem}`,
    CONFLICT: 'The account has five factors already.',
    RATE_LIMITED: limitedProblem
  }
}

export const askForPasskey: Route = (service, options) => {
  const { accounts, factors, settings, throttling } = options
  service.post(
    '/factors/passkeys/options',
    { schema: { ...asking, response: { 200: PasskeyCreation } } },
    async (request) => {
      const { account, session } = await ownAccount(request, accounts)
      requireProvenEmail(account, settings)
      await limitFactorChanges(throttling.factors, account.id)
      return await factors.askForPasskey(account, session)
    }
  )
}

const adding = {
  operationId: 'addPasskey',
  summary: 'Add a passkey',
  description: `Stores the passkey that the browser has made with the options of this session. It is active at once. The first factor of an account also creates ten recovery codes, and ends every other session. ${recentLogin}`,
  tags: ['Factors'],
  successes: {
    201: {
      description: 'The passkey is active. With the first factor, the response has recovery codes.'
    }
  },
  problems: {
    INVALID_REQUEST:
      'The passkey is not valid: its challenge belongs to another session, has expired or was used; the origin of its page is not in AUTH_PASSKEY_ORIGINS; or its user was not verified.',
    SESSION_ENDED: endedProblem,
    FORBIDDEN: `${off}. ${noAccountProblem}`,
    CONFLICT: 'The account has five factors already, or the passkey has already been added.',
    RATE_LIMITED: limitedProblem
  }
}

export const addPasskey: Route = (service, options) => {
  const { accounts, factors, sessions, throttling } = options
  service.post(
    '/factors/passkeys',
    {
      schema: {
        ...adding,
        body: Type.Object(
          { passkey: PasskeyRegistration, name: Type.Optional(FactorName) },
          { additionalProperties: false, title: 'AddedPasskey' }
        ),
        response: {
          201: Type.Object(
            { factor: Factor, recoveryCodes: Type.Optional(RecoveryCodes) },
            { title: 'NewPasskey', description: 'The passkey, and the codes of a first factor.' }
          )
        }
      }
    },
    async (request, reply) => {
      const { account, session: sid } = await ownAccount(request, accounts)
      await limitFactorChanges(throttling.factors, account.id)
      const { passkey: given, name = DEFAULT_PASSKEY_NAME } = request.body
      const change = factorChange(options, request)
      const added = await factors.addPasskey(account, { given, name, sid }, change)
      const { passkey, recoveryCodes, ended } = added
      // The database has stored the ends.
      if (ended.length > 0) await ifAvailable(sessions.ends.publishAll(account.id, sid, ended))
      const codes = recoveryCodes === null ? {} : { recoveryCodes: [...recoveryCodes] }
      return reply.code(201).send({ factor: shownFactor(passkey), ...codes })
    }
  )
}

const strengthening = {
  operationId: 'askToStepUp',
  summary: 'Begin a step-up with a passkey',
  description: 'Returns the options with which the browser asks for a passkey of the user.',
  tags: ['Factors'],
  successes: { 200: { description: 'The options of navigator.credentials.get().' } },
  problems: {
    SESSION_ENDED: endedProblem,
    FORBIDDEN: `Passkeys are turned off. ${noAccountProblem}`,
    NOT_FOUND: 'The user has no passkey.',
    RATE_LIMITED: turnsProblem
  }
}

export const askToStepUp: Route = (service, { accounts, factors }) => {
  service.post(
    '/step-up/passkey',
    { schema: { ...strengthening, response: { 200: PasskeyRequest } } },
    async (request) => {
      const { account, session } = await ownAccount(request, accounts)
      return await factors.askToStepUp(account.id, session)
    }
  )
}
