import type { Fleet } from '@gatehouse/fleet/fleet'
import type { Service } from '@gatehouse/http-service/build-service'
import { type ServiceLog, serviceLog } from '@gatehouse/http-service/service-log'
import { certificateExpiry } from '@gatehouse/process/certificate-expiry'
import { processMetrics } from '@gatehouse/process/process-metrics'
import type { RunningService } from '@gatehouse/process/running-service'
import { withClosing } from '@gatehouse/process/with-closing'
import type { RevocationSource } from '@gatehouse/revocation/revocation'
import { openSightings } from '@gatehouse/sightings/open-sightings'
import type { TakeSightings } from '@gatehouse/sightings/sighting'
import { openTls } from '@gatehouse/tls/process-tls'
import { openAccounts } from './accounts/open-accounts.ts'
import { type AuthSettings, settingsOf } from './app-settings.ts'
import { openAudit } from './audit/open-audit.ts'
import { authCertificates } from './auth-certificates.ts'
import { backgroundWork, faultOfJob } from './background-work.ts'
import { openClients } from './clients/open-clients.ts'
import type { AuthConfig } from './config.ts'
import { openDatabase } from './database/open-database.ts'
import { openRetention } from './database/open-retention.ts'
import { emailChanges } from './email-changes/email-changes.ts'
import { emailVerifications } from './email-verifications/email-verifications.ts'
import { openFactors } from './factors/open-factors.ts'
import { openInvitations } from './invitations/open-invitations.ts'
import { longestTokenSeconds } from './keys/longest-token-seconds.ts'
import { openKeys } from './keys/open-keys.ts'
import { openListeners } from './listeners.ts'
import { openMail } from './mail/open-mail.ts'
import { authMetrics } from './metrics.ts'
import { openTraces } from './open-traces.ts'
import { passwordResets } from './password-resets/password-resets.ts'
import type { Ports } from './ports.ts'
import { prepareLetters } from './prepare-letters.ts'
import { openSharedStore } from './redis/shared-store.ts'
import { openRevocations } from './revocations/open-revocations.ts'
import { openSecrets, type Secrets } from './secrets/secrets.ts'
import { openSessions } from './sessions/open-sessions.ts'
import { openGuesses } from './throttling/open-guesses.ts'
import { tokenSigners } from './token-signers.ts'
import { accessTokens } from './tokens/access-token.ts'
import { openWebhooks } from './webhooks/open-webhooks.ts'

/**
 * The running auth service. With embedded stores, also what a gateway in this process reads and
 * reports.
 */
type RunningAuth = RunningService & {
  readonly revocations: RevocationSource | null
  readonly takeSightings: TakeSightings
}

type Embedded = {
  /** the gateways of this process */
  readonly fleet: Fleet
  /** adds routes to the ops listener, which only the whole system in one process has */
  readonly onOps?: (ops: Service) => void
}

/** @param embedded if gateways run in this process */
export const startAuth = (
  config: AuthConfig,
  embedded: Embedded | null = null
): Promise<RunningAuth> => withClosing((closing) => open(config, embedded, closing))

async function open(
  config: AuthConfig,
  embedded: Embedded | null,
  closing: AsyncDisposableStack
): Promise<RunningAuth> {
  const log = serviceLog('auth', config.LOG_LEVEL)
  for (const warning of config.warnings) log.warn(warning)
  // Before the start waits for anything, so that an operator learns of a missing secret at once.
  const { ring, sealing, opsToken } = openSecrets(config)
  const { ports, tls } = await openProcess(config, log, closing)
  const settings = settingsOf(config)
  const stores = await openStores(config, ports, embedded)
  const draining = new AbortController()
  const common = { ...ports, ...stores, ring }
  const state = await openState(config, {
    ...common,
    sealing,
    settings,
    draining: draining.signal
  })
  const { see } = state.sessions.families
  const sightings = openSightings(see, log)
  closing.defer(() => sightings.close())
  startBackgroundWork(ports)
  const running = await openListeners(config, {
    ...common,
    ...state,
    settings,
    tls,
    sightings,
    opsToken,
    draining,
    onOps: embedded?.onOps
  })
  return { ...running, revocations: state.revocations.source, takeSightings: see }
}

/** What everything else in the process reports to. */
async function openProcess(config: AuthConfig, log: ServiceLog, closing: AsyncDisposableStack) {
  const registry = processMetrics('auth')
  const metrics = authMetrics(registry)
  const tls = openTls('AUTH', config, log)
  closing.defer(tls.close)
  certificateExpiry(registry, 'auth', authCertificates(config, tls))
  const tracing = await openTraces(config, { log, closing })
  const ports: Ports = { log, registry, metrics, tracing, closing, jobs: [] }
  return { ports, tls }
}

/** The two stores, and the audit log in one of them. */
async function openStores(config: AuthConfig, ports: Ports, embedded: Embedded | null) {
  const database = await openDatabase(config, ports)
  const store = await openSharedStore(config, ports, embedded?.fleet)
  const { clock, fleet } = store
  const audit = openAudit({ metrics: ports.metrics, database, clock })
  return { database, store, clock, fleet, audit }
}

type StatePorts = Ports &
  Awaited<ReturnType<typeof openStores>> &
  Pick<Secrets, 'ring' | 'sealing'> & {
    readonly settings: AuthSettings
    /** is aborted when the process begins to close */
    readonly draining: AbortSignal
  }

/** Each puts what must be closed on `closing`, and its background work on `jobs`. */
async function openState(config: AuthConfig, ports: StatePorts) {
  const { database, store, clock, settings } = ports
  const { prepare, sign } = tokenSigners()
  const revocations = await openRevocations(config, {
    ...ports,
    longestTokenSeconds: () => longestTokenSeconds(database.tables)
  })
  const keys = await openKeys(config, { ...ports, revocations, prepare })
  const tokens = accessTokens({ policy: settings.tokenPolicy, activeKey: keys.active, sign, clock })
  const mail = openMail(config, { ...ports, letters: lettersOf(config, ports) })
  const guesses = openGuesses(config, ports)
  const accounts = openAccounts(config, { ...ports, guesses })
  const factors = await openFactors(config, { ...ports, guesses, mail })
  const invitations = openInvitations({ ...ports, accounts, guesses })
  const clients = openClients({ ...ports, revocations, reserved: settings.reservedAudiences })
  const webhooks = await openWebhooks(config, ports)
  const retell = [revocations.stale.retell, keys.retell]
  const sessions = openSessions(config, { ...ports, revocations, tokens, retell, mail })
  openRetention(config, {
    ...ports,
    revocationSeconds: revocations.acceptedSeconds,
    isClockRight: store.isClockRight,
    also: [
      sessions.families.forgetExpired,
      ...webhooks.forgets,
      ...mail.forgets,
      ...factors.forgets
    ]
  })
  const forLetters = { ...ports, db: database.tables, mail }
  const resetSeconds = config.AUTH_PASSWORD_RESET_SECONDS
  return {
    accounts,
    clients,
    emailChanges: emailChanges({ ...forLetters, resetSeconds }),
    emailVerifications: emailVerifications({ ...forLetters, resetSeconds }),
    factors,
    guesses,
    invitations,
    keys,
    mail,
    passwordResets: passwordResets(forLetters),
    revocations,
    sessions,
    tokens,
    webhooks
  }
}

const lettersOf = (config: AuthConfig, { database, sealing }: StatePorts) =>
  prepareLetters(database.tables, {
    resetSeconds: config.AUTH_PASSWORD_RESET_SECONDS,
    verificationSeconds: config.AUTH_EMAIL_VERIFICATION_SECONDS,
    sealing
  })

function startBackgroundWork({ jobs, log, closing }: Ports): void {
  const background = backgroundWork({
    jobs,
    onFault: (job, error) => log.warn({ ...faultOfJob(error), job }, 'background work failed')
  })
  closing.defer(() => background.close())
}
