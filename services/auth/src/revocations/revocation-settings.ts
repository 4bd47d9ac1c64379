import { MOST_PARTITIONS } from '@gatehouse/redis/partitions'
import { type Static, Type } from 'typebox'

/** The settings of the revocation log. .env.example describes each of them. */
export const revocationSettings = {
  REDIS_REVOCATION_REPLICAS: Type.Integer({ default: 0, minimum: 0, maximum: 16 }),
  REDIS_PARTITIONS: Type.Optional(Type.Integer({ minimum: 1, maximum: MOST_PARTITIONS }))
}

type Settings = Static<ReturnType<typeof Type.Object<typeof revocationSettings>>>

export type RevocationConfig = Settings & { readonly AUTH_ACCESS_TTL_SECONDS: number }

/**
 * WAIT concerns the node that receives it, and in a cluster that may not be the node that was
 * written to.
 */
export const revocationFaults = ({
  REDIS_URL,
  REDIS_REVOCATION_REPLICAS
}: Settings & { readonly REDIS_URL?: string | undefined }): string[] =>
  REDIS_REVOCATION_REPLICAS > 0 && /^rediss?\+cluster:/.test(REDIS_URL ?? '')
    ? ['REDIS_REVOCATION_REPLICAS must be 0 with a Redis Cluster']
    : []
