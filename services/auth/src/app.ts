import fastifyCookie from '@fastify/cookie'
import { assertionReader } from '@gatehouse/gateway-keys/read-assertion'
import { buildService, type ServerTls, type Service } from '@gatehouse/http-service/build-service'
import { identity } from '@gatehouse/identity/fastify'
import { gatewayProofs } from '@gatehouse/identity/gateway-proof'
import type { SightingReport } from '@gatehouse/sightings/report-sightings'
import { traceService } from '@gatehouse/tracing/trace-service'
import type { AuthSettings } from './http/app-settings.ts'
import type { AuthState } from './http/auth-state.ts'
import { boundStoreTime } from './http/bound-store-time.ts'
import { recogniseGateway } from './http/forwarded.ts'
import { noteProofFlaws } from './http/note-proof-flaws.ts'
import { oauth, oauthErrorForm } from './http/oauth/endpoints.ts'
import { gatewayAssertions } from './http/oauth/gateway-assertions.ts'
import type { Pages } from './http/pages/open-pages.ts'
import { deleteAccount } from './http/public/account/delete-account.ts'
import { exportAccount, exportAccountEvents } from './http/public/account/export-account.ts'
import { takeTurns } from './http/public/account-turns.ts'
import { changePassword } from './http/public/change-password.ts'
import { addFactor, confirmFactor } from './http/public/factors/add-factor.ts'
import {
  listFactors,
  removeFactor,
  renameFactor,
  renewRecoveryCodes
} from './http/public/factors/own-factors.ts'
import { addPasskey, askForPasskey, askToStepUp } from './http/public/factors/passkeys.ts'
import { stepUp } from './http/public/factors/step-up.ts'
import { jwks } from './http/public/jwks.ts'
import { changeEmail, confirmEmail, undoEmail } from './http/public/letters/change-email.ts'
import { forgotPassword } from './http/public/letters/forgot-password.ts'
import { resetPassword } from './http/public/letters/reset-password.ts'
import { sendEmailVerification, verifyEmail } from './http/public/letters/verify-email.ts'
import { limitAddress } from './http/public/limit-address.ts'
import { askForFirstPasskey, loginWithFirstPasskey } from './http/public/login/enrol-passkey.ts'
import { login } from './http/public/login/login.ts'
import { enrolAtLogin, loginFactor } from './http/public/login/login-factor.ts'
import { askForPasskeyLogin, loginPasskey } from './http/public/login/login-passkey.ts'
import { me } from './http/public/me.ts'
import {
  beginProviderLogin,
  listProviders,
  receiveProviderLogin
} from './http/public/providers/begin-login.ts'
import { loginWithProvider } from './http/public/providers/complete-provider-login.ts'
import { linkIdentity, listIdentities, unlinkIdentity } from './http/public/providers/identities.ts'
import { register } from './http/public/register.ts'
import { endOtherSessions } from './http/public/sessions/end-other-sessions.ts'
import { endSession } from './http/public/sessions/end-session.ts'
import { listSessions } from './http/public/sessions/list-sessions.ts'
import { logout } from './http/public/sessions/logout.ts'
import { logoutAll } from './http/public/sessions/logout-all.ts'
import { refreshToken } from './http/public/sessions/refresh-token.ts'
import { requestMetrics } from './http/request-metrics.ts'
import type { Ports } from './ports.ts'
import type { KeyRing } from './secrets/key-ring.ts'

type AuthPorts = Pick<Ports, 'log' | 'registry' | 'tracing'>

/** Everything that the auth service depends on. */
export type AuthParts = {
  readonly state: Omit<AuthState, 'auditChain' | 'database' | 'operators' | 'webhooks'>
  readonly settings: AuthSettings
  readonly https: ServerTls | null
  readonly ring: KeyRing
  /** the pages for users; null: this installation has none */
  readonly pages: Pages | null
  readonly sightings: Pick<SightingReport, 'note'>
  readonly clock: () => number
}

const routes = [
  register,
  login,
  loginFactor,
  enrolAtLogin,
  askForFirstPasskey,
  loginWithFirstPasskey,
  askForPasskeyLogin,
  loginPasskey,
  listProviders,
  beginProviderLogin,
  receiveProviderLogin,
  loginWithProvider,
  listIdentities,
  linkIdentity,
  unlinkIdentity,
  refreshToken,
  logout,
  logoutAll,
  me,
  listSessions,
  endSession,
  endOtherSessions,
  changePassword,
  listFactors,
  addFactor,
  confirmFactor,
  renameFactor,
  removeFactor,
  renewRecoveryCodes,
  askForPasskey,
  addPasskey,
  stepUp,
  askToStepUp,
  forgotPassword,
  resetPassword,
  verifyEmail,
  sendEmailVerification,
  changeEmail,
  confirmEmail,
  undoEmail,
  exportAccount,
  exportAccountEvents,
  deleteAccount,
  jwks
]

export async function buildAuth(
  { log, registry, tracing }: AuthPorts,
  { state, settings, https, ring, pages, sightings, clock }: AuthParts
): Promise<Service> {
  const { closeMs } = settings
  const service = buildService({
    log,
    closeMs,
    https,
    errorForm: (request) => pages?.errorForm(request) ?? oauthErrorForm(request)
  })
  if (tracing !== null) traceService(service, tracing)
  boundStoreTime(service, settings.storeTimeMs)
  service.addHook('onRequest', (_request, reply, done) => {
    reply.header('cache-control', 'no-store')
    done()
  })
  const count = requestMetrics(registry)
  service.addHook('onResponse', (request, reply, done) => {
    count(request, reply)
    done()
  })
  await service.register(fastifyCookie)
  // Sign-in needs no identity. Routes that need one require it themselves.
  await service.register(identity, { ...settings.identity, dangerouslyLetAnyoneIn: true })
  await service.register(recogniseGateway, {
    provesGateway: gatewayProofs({
      gatewayKeys: settings.identity.gatewayKeys,
      service: settings.upstreamName,
      // Not the clock of the stores: gateways date their proofs by the clocks of their machines.
      clock: Date.now,
      onFlaw: noteProofFlaws(log)
    })
  })
  const options = { ...state, settings, ring, clock }
  const { requests } = state.throttling
  takeTurns(service)
  pages?.serve(service, {
    settings,
    hasMail: state.mail.isOn,
    providers: state.providers.list,
    clock
  })
  for (const route of routes) route(service, { ...options, limitAddress: limitAddress(requests) })
  const verifyAssertion = gatewayAssertions(assertionReader(settings.identity.gatewayKeys))
  await service.register(oauth, { ...options, registry, sightings, verifyAssertion })
  return service
}
