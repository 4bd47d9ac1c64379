import { Type } from 'typebox'
import type { Account } from '../../accounts/account.ts'
import { wrongCredentials } from '../../accounts/account-refusals.ts'
import { passwordFault } from '../../accounts/passwords/password-rules.ts'
import { ifAvailable } from '../../if-available.ts'
import { invalidMember } from '../../refusals.ts'
import { type Caller, credentialOf } from '../../throttling/guesses.ts'
import { currentPassword, newPassword, noAccountProblem } from '../fields.ts'
import { knownDevice, rememberDevice, setsDeviceCookie } from './cookies/device-cookie.ts'
import { sessionCaller } from './guess-callers.ts'
import { ownAccount } from './own-account.ts'
import { readerOf } from './reader.ts'
import type { Route } from './route.ts'

const Body = Type.Object(
  {
    currentPassword: currentPassword('The password that the account has now.'),
    newPassword: newPassword('The password that replaces it.')
  },
  { additionalProperties: false, title: 'PasswordChange' }
)

const schema = {
  operationId: 'changePassword',
  summary: 'Change the password',
  description:
    'Sets a new password for a user who proves the current one, and ends every other session of the user. An identical request within ten minutes gets 204 again.',
  tags: ['Accounts'],
  body: Body,
  response: { 204: Type.Null() },
  successes: {
    204: {
      description: 'The password has changed, and every other session has ended.',
      headers: setsDeviceCookie
    }
  },
  problems: {
    UNAUTHENTICATED: 'The current password is wrong.',
    SESSION_ENDED: 'The account was disabled or deleted.',
    FORBIDDEN: noAccountProblem,
    RATE_LIMITED:
      'The address sends too many credentials, or others have guessed too often at this account.'
  }
}

/**
 * A user who knows the old password sets a new one; every other session ends. A stolen access token
 * is not enough, and guesses here are slowed like guesses at login.
 *
 * The response is about the password and the ends of the other sessions, which the database stores
 * in one transaction. "Try again" would be wrong from then on, because the repeat would be judged
 * by the new password. If the session store does not answer, `SessionEnds.settle` publishes the
 * ends later.
 */
export const changePassword: Route = (service, options) => {
  const { accounts, mail, ring } = options
  const { guesses } = options.throttling
  const { ends } = options.sessions
  const { cookieSameSite } = options.settings

  /** Completes a change that the database has stored. The caller is known with the new password. */
  const follow = async (
    caller: Caller,
    account: Account,
    { session, ended }: { readonly session: string; readonly ended: readonly string[] }
  ) => {
    await ifAvailable(ends.publishAll(account.id, session, ended))
    await ifAvailable(guesses.forgetStrangers(account.email))
    await ifAvailable(guesses.remember({ ...caller, credential: credentialOf(account) }))
  }

  service.post('/password', { schema, onRequest: options.limitAddress }, async (request, reply) => {
    const { account: found, session } = await ownAccount(request, accounts)
    const { currentPassword: password, newPassword: chosen } = request.body
    const fault = await passwordFault(chosen, found.email)
    if (fault !== null) throw invalidMember('newPassword', fault)

    const reader = readerOf(request, mail)
    const { source } = reader
    const caller = sessionCaller(found, session, source)
    const claim = { account: found, password, caller, source }
    const account = await accounts.provePasswordChange(claim, session, request.body)
    if (account === null) {
      await follow(caller, found, { session, ended: [] })
      return reply.code(204).send(null)
    }
    const by = { ...reader, session }
    const ended = await accounts.changePassword(account, request.body, by)
    // Another change came first: the password is no longer the current one.
    if (ended === null) throw wrongCredentials()
    const changed = { ...account, passwordVersion: account.passwordVersion + 1 }
    await follow(caller, changed, { session, ended })
    if (knownDevice(request, account, ring) !== null)
      rememberDevice(reply, changed, { ring, cookieSameSite })
    return reply.code(204).send(null)
  })
}
