import fastifyCookie from '@fastify/cookie'
import { buildService, type Service } from '@gatehouse/http-service/build-service'
import type { ServiceLog } from '@gatehouse/http-service/service-log'
import { gatewayProofs } from '@gatehouse/identity/gateway-proof'
import { type IdentityOptions, identity } from '@gatehouse/identity/identity'
import type { SightingReport } from '@gatehouse/sightings/report-sightings'
import { traceService } from '@gatehouse/tracing/trace-service'
import type { Tracing } from '@gatehouse/tracing/tracing'
import type { AccountStore } from './accounts/account-store.ts'
import { credentialCheck } from './accounts/check-credentials.ts'
import type { Passwords } from './accounts/passwords.ts'
import type { ClientStore } from './clients/client-store.ts'
import type { UsedAssertions } from './clients/used-assertions.ts'
import { privateDigest } from './guesses/private-digest.ts'
import type { RequestCounts } from './guesses/request-counts.ts'
import { invitationCheck } from './invitations/check-invitation.ts'
import type { LiveSigningKeys } from './keys/live-signing-keys.ts'
import type { AuthMetrics } from './metrics.ts'
import type { StaleTokens } from './revocations/stale-tokens.ts'
import { changePassword } from './routes/change-password.ts'
import { endOtherSessions } from './routes/end-other-sessions.ts'
import { endSession } from './routes/end-session.ts'
import { recogniseGateway } from './routes/forwarded.ts'
import { jwks } from './routes/jwks.ts'
import { limitAddress } from './routes/limit-address.ts'
import { listSessions } from './routes/list-sessions.ts'
import { login } from './routes/login.ts'
import { logout } from './routes/logout.ts'
import { logoutAll } from './routes/logout-all.ts'
import { me } from './routes/me.ts'
import type { RouteNeeds } from './routes/needs.ts'
import { oauth, oauthErrorForm } from './routes/oauth/endpoints.ts'
import { refreshToken } from './routes/refresh-token.ts'
import { register } from './routes/register.ts'
import type { KeyRing } from './secrets/key-ring.ts'
import type { RefreshLimit } from './sessions/refresh-limit.ts'
import type { SessionState } from './sessions/session-state.ts'
import { sessions } from './sessions/sessions.ts'
import { boundStoreTime } from './store-time.ts'
import { type AccessTokenPolicy, accessTokens, type Sign } from './tokens/access-token.ts'

/** Everything that the auth service depends on. */
export type AuthNeeds = Pick<
  RouteNeeds,
  | 'newUser'
  | 'allowsOrigin'
  | 'cookieSameSite'
  | 'registration'
  | 'invitations'
  | 'guesses'
  | 'audit'
  | 'clock'
> & {
  passwords: Passwords
  requestCounts: RequestCounts
  credentialsPerMinute: number
  /** the time that all store calls of one request may take together */
  storeTimeMs: number
  log: ServiceLog
  /** how long requests in flight may take when the service closes */
  closeMs: number
  accounts: AccountStore
  clients: ClientStore
  usedAssertions: UsedAssertions
  sessionState: SessionState
  ring: KeyRing
  refreshLimit: RefreshLimit
  signingKeys: Pick<LiveSigningKeys, 'held' | 'active' | 'read'>
  /** signs with any of the live keys */
  sign: Sign
  tokenPolicy: AccessTokenPolicy
  stale: Pick<StaleTokens, 'allNotBefore'>
  sightings: Pick<SightingReport, 'note'>
  identity: IdentityOptions
  /** the name of the auth service in the gateways' route table */
  upstreamName: string
  metrics: AuthMetrics
  /** records the spans of requests; null: no traces are exported */
  tracing: Tracing | null
}

const routes = [
  register,
  login,
  refreshToken,
  logout,
  logoutAll,
  me,
  listSessions,
  endSession,
  endOtherSessions,
  changePassword,
  jwks
]

export async function buildAuth(needs: AuthNeeds): Promise<Service> {
  const { sessionState, ring, signingKeys, clock } = needs
  const { log, closeMs } = needs
  const service = buildService({ log, closeMs, errorForm: oauthErrorForm })
  if (needs.tracing !== null) traceService(service, needs.tracing)
  boundStoreTime(service, needs.storeTimeMs)
  service.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store')
  })
  service.addHook('onResponse', async (request, reply) => needs.metrics.served(request, reply))
  await service.register(fastifyCookie)
  // Sign-in needs no identity. Routes that need one require it themselves.
  await service.register(identity, { ...needs.identity, dangerouslyLetAnyoneIn: true })
  await service.register(recogniseGateway, {
    provesGateway: gatewayProofs({
      gatewayKeys: needs.identity.gatewayKeys,
      service: needs.upstreamName,
      // Not the clock of the stores: gateways date their proofs by the clocks of their machines.
      clock: Date.now
    })
  })

  const tokens = accessTokens({
    policy: needs.tokenPolicy,
    activeKey: signingKeys.active,
    sign: needs.sign,
    clock
  })
  const digest = privateDigest(ring)
  const routeNeeds: RouteNeeds = {
    ...needs,
    ends: sessionState.ends,
    limitAddress: limitAddress({ ...needs, digest, perMinute: needs.credentialsPerMinute }),
    checkCredentials: credentialCheck(needs),
    checkInvitation: invitationCheck(needs),
    sessions: sessions({
      ...sessionState,
      accessTokens: tokens,
      count: (outcome) => needs.metrics.refreshes.inc({ outcome }),
      limit: needs.refreshLimit,
      audit: needs.audit,
      ring,
      clock
    })
  }
  for (const route of routes) route(service, routeNeeds)
  await service.register(oauth, {
    ...needs,
    signingKeys: signingKeys.held,
    sessions: routeNeeds.sessions,
    accessTokens: tokens
  })
  return service
}
