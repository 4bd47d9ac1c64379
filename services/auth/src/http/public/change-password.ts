import { clientNetwork } from '@gatehouse/edge-headers/client-network'
import { requireIdentity } from '@gatehouse/identity/identity'
import { Refusal } from '@gatehouse/problem/refusal'
import { type Static, Type } from 'typebox'
import type { Account } from '../../accounts/account.ts'
import type { Claim } from '../../accounts/check-credentials.ts'
import { passwordFault } from '../../accounts/password-rules.ts'
import { type Caller, credentialOf } from '../../guesses/guesses.ts'
import { invalidMember, noAccount, sessionEnded, wrongCredentials } from '../../refusals.ts'
import { ifPossible } from '../../sessions/session-ends.ts'
import { currentPassword, newPassword, noAccountProblem } from '../fields.ts'
import { requestSourceOf } from '../request-source.ts'
import { knownDevice, rememberDevice, setsDeviceCookie } from './device-cookie.ts'
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
  answers: {
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

type Requested = Static<typeof Body>

/** Both passwords as one text, which is different for any other pair. */
const together = ({ currentPassword, newPassword }: Requested): string =>
  JSON.stringify([currentPassword, newPassword])

/** how long a repeated change of the password is recognised as a repetition */
const REPEAT_MS = 600_000

/**
 * A user who knows the old password sets a new one; every other session ends. A stolen access token
 * is not enough, and guesses here are slowed like guesses at login.
 *
 * The response is about the password and the ends of the other sessions, which the database stores
 * in one transaction. "Try again" would be wrong from then on, because the repeat would be judged
 * by the new password. If the session store does not answer, `SessionEnds.settle` tells it later.
 */
export const changePassword: Route = (service, options) => {
  const { accounts, guesses, ring, clock } = options
  const { passwords, checkCredentials } = accounts
  const { ends } = options.sessions
  const { cookieSameSite } = options.settings

  /**
   * The change was made, but its response was lost or said "repeat later". So the old password is
   * no longer the current one. A repeat has both passwords of the change, in one hash: a thief of
   * the access token must not test guesses at the new password without the old one.
   */
  const isRepeat = async (account: Account, session: string, body: Requested) => {
    const { passwordChange } = account
    if (passwordChange === null || passwordChange.sid !== session) return false
    if (clock() - passwordChange.atMs > REPEAT_MS) return false
    return await passwords.inTurn((match) =>
      match({ passwordHash: passwordChange.requestHash }, together(body), [])
    )
  }

  /** The account that the current password proves; null if this change was already made. */
  const prove = async (claim: Claim, session: string, body: Requested) => {
    try {
      return await checkCredentials(claim)
    } catch (error) {
      const isWrong = error instanceof Refusal && error.code === 'UNAUTHENTICATED'
      // Only after a guess that was due and is counted, because the answer could reveal the new
      // password.
      if (isWrong && claim.account !== null) {
        if (await isRepeat(claim.account, session, body)) return null
      }
      throw error
    }
  }

  /** Completes a change that the database has stored. The caller is known with the new password. */
  const follow = async (caller: Caller, account: Account, ended: readonly string[]) => {
    await ifPossible(ends.tellAll(account.id, caller.device, ended))
    await ifPossible(guesses.forgetStrangers(account.email))
    await ifPossible(guesses.remember({ ...caller, credential: credentialOf(account) }))
  }

  service.post('/password', { schema, onRequest: options.limitAddress }, async (request, reply) => {
    const { subject, session } = requireIdentity(request)
    if (session === null) throw noAccount()
    const { currentPassword: password, newPassword: chosen } = request.body
    const found = await accounts.findById(subject)
    if (found === null || found.disabled) throw sessionEnded('the account is disabled or gone')
    const fault = await passwordFault(chosen, found.email)
    if (fault !== null) throw invalidMember('newPassword', fault)

    const source = requestSourceOf(request)
    const caller = {
      email: found.email,
      network: clientNetwork(source.address),
      device: session,
      credential: credentialOf(found)
    }
    const claim = { account: found, password, caller, source }
    const account = await prove(claim, session, request.body)
    if (account === null) {
      await follow(caller, found, [])
      return reply.code(204).send(null)
    }
    const passwordHash = await passwords.hash(chosen)
    const requestHash = await passwords.hash(together(request.body))
    const change = { passwordHash, requestHash, sid: session, source, clock }
    const ended = await accounts.changePassword(account, change)
    // Another change came first: the password is no longer the current one.
    if (ended === null) throw wrongCredentials()
    const changed = { ...account, passwordVersion: account.passwordVersion + 1 }
    await follow(caller, changed, ended)
    if (knownDevice(request, account, ring) !== null)
      rememberDevice(reply, changed, { ring, cookieSameSite })
    return reply.code(204).send(null)
  })
}
