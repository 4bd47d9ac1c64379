import type { AuditLog } from '../audit/audit-log.ts'
import { changedAccounts } from '../database/changed-accounts.ts'
import type { Database } from '../database/open-database.ts'
import type { Mail } from '../mail/mail.ts'
import type { Ports } from '../ports.ts'
import type { OpenRevocations } from '../revocations/open-revocations.ts'
import type { KeyRing } from '../secrets/key-ring.ts'
import type { AccessTokens } from '../tokens/access-token.ts'
import { type AccountCache, accountCache } from './cache/account-cache.ts'
import { cacheMetrics } from './cache/cache-metrics.ts'
import { forgetChanges } from './cache/forget-changes.ts'
import { isDue } from './durable/durable-session.ts'
import { durableSessions } from './durable/durable-sessions.ts'
import { forgetSessions } from './durable/forget-sessions.ts'
import { notifyReuse } from './durable/notify-reuse.ts'
import { endPublications } from './ends/end-publications.ts'
import type { Families } from './families/families.ts'
import type { FamilyPolicy } from './families/family.ts'
import { redisFamilies } from './families/redis/redis-families.ts'
import { sqliteFamilies } from './families/sqlite/sqlite-families.ts'
import { watchedFamilies } from './families/watched-families.ts'
import { refreshLimit } from './refresh/refresh-limit.ts'
import { refreshMetrics } from './refresh/refresh-metrics.ts'
import { lifetimes, recoverySeconds, type SessionConfig } from './session-settings.ts'
import { type SessionState, sessionState } from './session-state.ts'
import { type Sessions, sessions } from './sessions.ts'

export type OpenSessions = Sessions & {
  /** the store of the refresh-token families */
  readonly families: Pick<Families, 'see' | 'ping'>
}

type SessionPorts = Pick<
  Ports,
  'log' | 'registry' | 'storeMetrics' | 'monotonicClock' | 'jobs' | 'cleanups'
> & {
  readonly database: Database
  readonly mail: Mail
  readonly revocations: OpenRevocations
  /** what else the store of the families may have lost, and must be published again */
  readonly republish: readonly (() => Promise<void>)[]
  readonly isRepublished: (before: number) => Promise<boolean>
  readonly tokens: AccessTokens
  readonly ring: KeyRing
  readonly audit: AuditLog
  /** counts sessions that expired */
  readonly onExpired: (count: number) => void
  readonly clock: () => number
}

export function openSessions(config: SessionConfig, ports: SessionPorts): OpenSessions {
  const { revocations, registry, ring, audit, log, onExpired, clock } = ports
  const { acceptedSeconds } = revocations
  const { tables } = ports.database
  const store = revocations.logStore.kind === 'redis' ? 'redis' : 'sqlite'
  const own = openFamilies(config, ports)
  const families = watchedFamilies(own, store, ports.storeMetrics)
  const state = sessionState({
    families,
    durable: durableSessions(tables, clock, notifyReuse(ports.mail)),
    publications: endPublications(tables, clock),
    republish: ports.republish,
    policy: lifetimes(config),
    acceptedSeconds: acceptedSeconds.read,
    complete: revocations.complete,
    isRepublished: ports.isRepublished,
    onLostData: () => log.warn(LOST_DATA),
    onOtherStore: () => log.error(OTHER_STORE),
    clock
  })
  ports.jobs.push(
    {
      name: 'complete the ends of sessions',
      isDueAtStart: store === 'redis',
      run: state.ends.settle
    },
    { name: 'apply reports of used tokens', run: families.settleSightings }
  )
  ports.cleanups.push(
    forgetSessions(tables, { acceptedSeconds: acceptedSeconds.read, onExpired, clock }),
    families.forgetExpired
  )
  const limit = refreshLimit({
    perMinute: config.AUTH_REFRESH_LIMIT_PER_MINUTE,
    monotonicClock: ports.monotonicClock
  })
  const verbs = sessions({
    ...state,
    cache: openCache(config, ports, state),
    marks: revocations.marks,
    accessTokens: ports.tokens,
    limit,
    count: refreshMetrics(registry),
    ring,
    audit,
    clock
  })
  return { ...verbs, families }
}

function openCache(
  config: SessionConfig,
  { database, revocations, registry, log, clock, monotonicClock, cleanups }: SessionPorts,
  { durable, policy }: Pick<SessionState, 'durable' | 'policy'>
): AccountCache {
  const changes = changedAccounts(database.tables)
  cleanups.push(forgetChanges(changes, monotonicClock))
  return accountCache({
    read: durable.findForToken,
    changes,
    marks: revocations.marks,
    size: config.AUTH_CACHED_SESSIONS,
    isDue: isDue(policy, clock),
    count: cacheMetrics(registry),
    onTracking(isTracked, error) {
      if (isTracked) log.info(TRACKED)
      else log.warn({ cause: error instanceof Error ? error.message : null }, UNTRACKED)
    },
    clock,
    monotonicClock
  })
}

/** for the operator */
const UNTRACKED =
  'the database does not note changes of accounts: a trigger changed_account_* of the tables accounts or sessions is missing or turned off, or the table changed_accounts cannot be read. Each refresh asks the database'

/** for the operator */
const TRACKED = 'the database notes changes of accounts again'

/** for the operator */
const NEWER_FORMAT =
  'a newer version writes sessions that this one cannot read, and their refreshes get 503; upgrade this process'

/** for the operator: nothing else can tell a restored database from one that was always there */
const LOST_DATA =
  'Redis has lost its data, or is not the same Redis as before. Sessions that are open in the database continue. If the database was restored from a backup, sessions that ended after the backup are open again: `ops sessions end --all` ends them (docs/runbooks/database-restored.md)'

/** for the operator */
const OTHER_STORE =
  'another auth service with the same database uses another Redis, or another REDIS_KEY_PREFIX: gateways do not learn of the sessions that it ends. Give all processes of an installation the same REDIS_URL and REDIS_KEY_PREFIX'

/** The end of a family is also written into the revocation log, in the same step. */
function openFamilies(
  config: SessionConfig,
  { revocations, log, clock }: Pick<SessionPorts, 'revocations' | 'log' | 'clock'>
): Families {
  const { logStore, acceptedSeconds } = revocations
  const policy: FamilyPolicy = {
    idleSeconds: config.AUTH_REFRESH_IDLE_SECONDS,
    graceSeconds: config.AUTH_REFRESH_GRACE_SECONDS,
    replayCap: config.AUTH_REFRESH_REPLAY_CAP,
    recoverySeconds: recoverySeconds(config),
    sessionsPerUser: config.AUTH_SESSIONS_PER_USER
  }
  if (logStore.kind === 'embedded') {
    return sqliteFamilies(logStore.sqlite, logStore.source, policy, clock)
  }
  return redisFamilies(logStore.redis, policy, {
    partitions: logStore.partitions,
    storeClock: logStore.storeClock,
    revocationSeconds: acceptedSeconds.last,
    revocationReplicas: config.REDIS_REVOCATION_REPLICAS,
    onNewerFormat: () => log.error(NEWER_FORMAT)
  })
}
