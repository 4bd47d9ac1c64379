import { join } from 'node:path'
import type { Fleet } from '@gatehouse/fleet/fleet'
import { memoryFleet } from '@gatehouse/fleet/memory-fleet'
import { redisFleet } from '@gatehouse/fleet/redis-fleet'
import { StartFault } from '@gatehouse/process/start-fault'
import type { RedisConnection } from '@gatehouse/redis/connection'
import type { ReportedRedis } from '@gatehouse/redis/reported-redis'
import { redisTarget } from '@gatehouse/redis/settings'
import type { RevocationSource } from '@gatehouse/revocation/revocation'
import { accountChanges } from './accounts/account-changes.ts'
import { accountImports } from './accounts/account-imports.ts'
import { accountStore } from './accounts/account-store.ts'
import { auditLog } from './audit/audit-log.ts'
import { withoutRepeats } from './audit/without-repeats.ts'
import { clientStore } from './clients/client-store.ts'
import { usedAssertions } from './clients/used-assertions.ts'
import { type AuthConfig, recoverySeconds } from './config.ts'
import type { DatabaseReports } from './database/database-reports.ts'
import { databaseStatus } from './database/database-status.ts'
import { openSqlite } from './database/open-sqlite.ts'
import { openTables } from './database/open-tables.ts'
import { forgetTooOld, type Retention } from './database/retention.ts'
import type { GuessStores } from './guesses/guess-counts.ts'
import { memoryGuessStores } from './guesses/memory-guess-counts.ts'
import { memoryRequestCounts } from './guesses/memory-request-counts.ts'
import { redisGuessStores } from './guesses/redis-guess-counts.ts'
import { redisRequestCounts } from './guesses/redis-request-counts.ts'
import type { RequestCounts } from './guesses/request-counts.ts'
import { keepTablesReserved } from './guesses/reserve-tables.ts'
import { invitationStore } from './invitations/invitation-store.ts'
import { keySetStore } from './keys/key-set-store.ts'
import { longestTokenSeconds } from './keys/longest-token-seconds.ts'
import type { SealingKeys } from './keys/seal.ts'
import { loadSigningKeys, type SigningKeyStore, signingKeyStore } from './keys/signing-key-store.ts'
import { UnknownSealingKey } from './keys/unknown-sealing-key.ts'
import type { StoreClock } from './redis/store-clock.ts'
import { rememberedSeconds } from './revocations/remembered-seconds.ts'
import {
  type RevocationWriter,
  redisRevocationWriter,
  sqliteRevocationWriter
} from './revocations/revocation-log.ts'
import { sqliteRevocations } from './revocations/sqlite-revocations.ts'
import { staleTokens } from './revocations/stale-tokens.ts'
import { durableSessions } from './sessions/durable-sessions.ts'
import type { Families } from './sessions/families.ts'
import type { FamilyPolicy } from './sessions/family.ts'
import { redisFamilies } from './sessions/redis-families.ts'
import { sqliteFamilies } from './sessions/sqlite-families.ts'
import { toldEnds } from './sessions/told-ends.ts'

/** The durable tables, and the stores in them. */
export async function openDurable(
  config: AuthConfig,
  sealingKeys: SealingKeys,
  clock: () => number,
  hears: DatabaseReports
) {
  const database = await openTables({
    address: config.database,
    folder: config.GATEHOUSE_DATA_DIR,
    poolSize: config.DATABASE_POOL_SIZE,
    statementMs: config.DATABASE_TIMEOUT_MS,
    waitSeconds: config.DATABASE_WAIT_SECONDS,
    ...hears
  })
  const keyStore = signingKeyStore(database, sealingKeys, clock)
  await sealUnderFirst(keyStore)
  await loadSigningKeys(keyStore, config.AUTH_SIGNING_ALGORITHM, clock())
  const longestToken = () => longestTokenSeconds(database)
  return {
    accounts: accountStore(database),
    accountChanges: accountChanges(database),
    accountImports: accountImports(database),
    invitations: invitationStore(database),
    audit: withoutRepeats(auditLog(database, clock), clock),
    sessions: durableSessions(database, clock),
    toldEnds: toldEnds(database, clock),
    forgetTooOld: (retention: Retention) => forgetTooOld(database, retention),
    longestTokenSeconds: longestToken,
    clients: clientStore(database),
    usedAssertions: usedAssertions(database),
    staleTokens: (needs: Omit<Parameters<typeof staleTokens>[0], 'db' | 'longestTokenSeconds'>) =>
      staleTokens({ db: database, longestTokenSeconds: longestToken, ...needs }),
    keyStore,
    keySet: keySetStore(database),
    databaseStatus: databaseStatus(database),
    close: () => database.destroy()
  }
}

/** @throws StartFault if there are signing keys that this instance cannot decrypt */
async function sealUnderFirst(keyStore: SigningKeyStore): Promise<void> {
  try {
    await keyStore.reseal()
  } catch (error) {
    throw error instanceof UnknownSealingKey ? new StartFault(error.message) : error
  }
}

export type SharedStores = {
  families: Families
  guessStores: GuessStores
  requestCounts: RequestCounts
  /** the revocation log, if it is in this process; null if gateways read it from Redis */
  revocations: RevocationSource | null
  /** writes revocations that are not ends of sessions */
  revocationWriter: RevocationWriter
  /** the live gateways */
  fleet: Fleet
  /** the Redis of the revocation log; null if the log is in this process */
  redis: RedisConnection | null
}

/**
 * How long an access token may be accepted after it was issued.
 * @param longest the longest lifetime of the tokens that a published key may have signed, in
 * seconds: the current setting may be shorter
 */
export const revocationSecondsOf = (config: AuthConfig, longest: number): number =>
  rememberedSeconds(Math.max(config.AUTH_ACCESS_TTL_SECONDS, longest))

/**
 * The state that all instances share: families, their revocations, counts of guesses, and the live
 * gateways.
 * @param connections reports on this process's connections to Redis
 * @param embedded the gateways of this process, if there are any
 */
export function openShared(
  config: AuthConfig,
  needs: { storeClock: StoreClock; clock: () => number; revocationSeconds: number },
  connections: Pick<ReportedRedis, 'connect'>,
  embedded: Fleet = memoryFleet(needs.clock)
): SharedStores {
  const { clock } = needs
  const policy: FamilyPolicy = {
    idleSeconds: config.AUTH_REFRESH_IDLE_SECONDS,
    graceSeconds: config.AUTH_REFRESH_GRACE_SECONDS,
    replayCap: config.AUTH_REFRESH_REPLAY_CAP,
    recoverySeconds: recoverySeconds(config),
    sessionsPerUser: config.AUTH_SESSIONS_PER_USER
  }
  const { storeClock, revocationSeconds } = needs
  const revocationReplicas = config.REDIS_REVOCATION_REPLICAS

  const { REDIS_URL: url } = config
  if (url !== undefined) {
    const redis = connections.connect('commands', redisTarget(url, config))
    keepTablesReserved(redis)
    const families = redisFamilies(redis, policy, {
      storeClock,
      revocationSeconds,
      revocationReplicas
    })
    return {
      families,
      guessStores: redisGuessStores(redis, clock),
      requestCounts: redisRequestCounts(redis),
      revocations: null,
      revocationWriter: redisRevocationWriter(redis, { replicas: revocationReplicas }),
      fleet: redisFleet(redis),
      redis
    }
  }
  // A separate file, so that a rotation never waits for an account.
  const database = openSqlite(join(config.GATEHOUSE_DATA_DIR, 'sessions.sqlite'))
  const revocations = sqliteRevocations(database, revocationSeconds)
  const families = sqliteFamilies(database, revocations, policy, clock)
  return {
    families,
    guessStores: memoryGuessStores(clock),
    requestCounts: memoryRequestCounts(),
    revocations,
    revocationWriter: sqliteRevocationWriter(revocations, clock),
    fleet: embedded,
    redis: null
  }
}
