import { clientNetwork } from '@gatehouse/edge-headers/client-network'
import { Type } from 'typebox'
import type { Account } from '../../accounts/account.ts'
import { canonicalEmail } from '../../accounts/email.ts'
import { STORED_FIRST_PARTY } from '../../clients/client.ts'
import { newDeviceNotice } from '../../mail/notices.ts'
import { emailUnverified } from '../../refusals.ts'
import { deviceLabel } from '../../sessions/device-label.ts'
import type { NotifyLogin } from '../../sessions/durable-sessions.ts'
import { credentialOf } from '../../throttling/guesses.ts'
import { currentPassword, Email } from '../fields.ts'
import { nameCaller } from '../name-caller.ts'
import { requestSourceOf } from '../request-source.ts'
import { knownDevice, rememberDevice } from './device-cookie.ts'
import { setRefreshCookie, setsRefreshCookie } from './refresh-cookie.ts'
import { crossSiteProblem, PageHeaders, refuseCrossSite } from './refuse-cross-site.ts'
import type { Route } from './route.ts'
import { Delivery, TokenResponse, tokenResponse } from './token-response.ts'
import { refuseUnkeptCookie } from './unkept-cookie.ts'

const Body = Type.Object(
  {
    email: Email,
    password: currentPassword('The password of the account.'),
    delivery: Type.Optional(Delivery)
  },
  { additionalProperties: false, title: 'Login' }
)

const documented = {
  operationId: 'login',
  summary: 'Sign in',
  description:
    'Opens a session for a user who proves the password. Guesses are slowed per account and counted per address.',
  tags: ['Accounts'],
  answers: { 200: { description: 'The tokens of the new session.', headers: setsRefreshCookie } },
  problems: {
    UNAUTHENTICATED:
      'The e-mail address or the password is wrong, or the account is disabled. The response does not say which.',
    FORBIDDEN: `The e-mail address must be verified first. ${crossSiteProblem}`,
    RATE_LIMITED:
      'The address sends too many credentials, or others have guessed too often at this account.'
  }
}

/** The first device of an account is no news to its owner. */
const NEW_ACCOUNT_SECONDS = 3600

const isOld = ({ createdAt }: Account, nowMs: number): boolean =>
  nowMs / 1000 - createdAt > NEW_ACCOUNT_SECONDS

/** Opens a session for a user who proves the password. */
export const login: Route = (service, options) => {
  const { accounts, mail, sessions, ring, clock } = options
  const { allowsOrigin, cookieSameSite, emailVerification } = options.settings
  service.post(
    '/login',
    {
      schema: { ...documented, headers: PageHeaders, body: Body, response: { 200: TokenResponse } },
      onRequest: [refuseCrossSite(allowsOrigin), options.limitAddress]
    },
    async (request, reply) => {
      const { email, password, delivery = 'body' } = request.body
      if (delivery === 'cookie') refuseUnkeptCookie(request, cookieSameSite)
      const canonical = canonicalEmail(email)
      const source = requestSourceOf(request)
      const claimed = canonical === null ? null : await accounts.findByEmail(canonical)
      const device = knownDevice(request, claimed, ring)
      const caller = {
        email: canonical ?? '',
        network: clientNetwork(source.address),
        device,
        credential: claimed === null ? null : credentialOf(claimed)
      }
      const proven = { isKnown: true }
      const account = await accounts.checkCredentials({
        account: claimed,
        password,
        caller,
        source,
        onProven: ({ isKnown }) => {
          proven.isKnown = isKnown
        }
      })
      if (emailVerification === 'required' && account.emailVerifiedAt === null) {
        throw emailUnverified()
      }
      const label = deviceLabel(request.headers['user-agent'])
      const opening = { clientId: STORED_FIRST_PARTY, scope: '', label }
      const language = mail.languageFor(request.headers['accept-language'])
      const cause = { source, language, device: label }
      const notify: NotifyLogin = (transaction, nowMs) =>
        mail.add(transaction, newDeviceNotice(account, cause, nowMs), nowMs)
      const isNotable = !proven.isKnown && isOld(account, clock())
      const grant = await sessions.begin(account, opening, source, isNotable ? notify : undefined)
      nameCaller(reply, { subject: account.id, session: grant.sid })
      if (delivery === 'cookie') {
        setRefreshCookie(reply, grant, cookieSameSite)
        if (device === null) rememberDevice(reply, account, { ring, cookieSameSite })
      }
      return tokenResponse(grant, delivery)
    }
  )
}
