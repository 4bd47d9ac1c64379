import { type Static, Type } from 'typebox'
import { DAY_SECONDS } from '../day.ts'

const seconds = (fallback: number, minimum = 1) => Type.Integer({ default: fallback, minimum })

/** The settings of sessions. .env.example describes each of them. */
export const sessionSettings = {
  AUTH_REFRESH_IDLE_SECONDS: seconds(14 * DAY_SECONDS),
  AUTH_REFRESH_ABSOLUTE_SECONDS: seconds(90 * DAY_SECONDS),
  AUTH_REFRESH_GRACE_SECONDS: seconds(10, 0),
  /** unset: as long as the idle lifetime */
  AUTH_REFRESH_RECOVERY_SECONDS: Type.Optional(Type.Integer({ minimum: 0 })),
  AUTH_REFRESH_REPLAY_CAP: Type.Integer({ default: 100, minimum: 1 }),
  AUTH_REFRESH_LIMIT_PER_MINUTE: Type.Integer({ default: 120, minimum: 1 }),
  AUTH_CACHED_SESSIONS: Type.Integer({ default: 50_000, minimum: 0 }),
  AUTH_SESSIONS_PER_USER: Type.Integer({ default: 20, minimum: 1 })
}

type Settings = Static<ReturnType<typeof Type.Object<typeof sessionSettings>>>

export type SessionConfig = Settings & { readonly REDIS_REVOCATION_REPLICAS: number }

/** How long sessions live, in seconds: since the last use, and in total. */
export type Lifetimes = { readonly idleSeconds: number; readonly absoluteSeconds: number }

export const lifetimes = (config: Settings): Lifetimes => ({
  idleSeconds: config.AUTH_REFRESH_IDLE_SECONDS,
  absoluteSeconds: config.AUTH_REFRESH_ABSOLUTE_SECONDS
})

/** How long after the grace window a client can recover a lost response; 0: never. */
export const recoverySeconds = (
  config: Pick<Settings, 'AUTH_REFRESH_RECOVERY_SECONDS' | 'AUTH_REFRESH_IDLE_SECONDS'>
): number => config.AUTH_REFRESH_RECOVERY_SECONDS ?? config.AUTH_REFRESH_IDLE_SECONDS
