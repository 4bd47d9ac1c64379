import type { ProblemCode } from '@gatehouse/problem/codes'
import { Refusal } from '@gatehouse/problem/refusal'

/**
 * The status codes of gRPC that the gateway uses
 * (https://grpc.github.io/grpc/core/md_doc_statuscodes.html).
 */
const status = {
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16
} as const

/**
 * The status that gRPC clients derive from the HTTP status of each problem
 * (https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md). Statuses that are not
 * listed there have the meaning of their problem.
 */
const statuses: Readonly<Record<ProblemCode, number>> = {
  INVALID_REQUEST: status.INTERNAL,
  UNAUTHENTICATED: status.UNAUTHENTICATED,
  FACTOR_REQUIRED: status.UNAUTHENTICATED,
  TOKEN_EXPIRED: status.UNAUTHENTICATED,
  TOKEN_STALE: status.UNAUTHENTICATED,
  SESSION_ENDED: status.UNAUTHENTICATED,
  FORBIDDEN: status.PERMISSION_DENIED,
  NOT_FOUND: status.UNIMPLEMENTED,
  METHOD_NOT_ALLOWED: status.UNIMPLEMENTED,
  CONFLICT: status.INTERNAL,
  RATE_LIMITED: status.UNAVAILABLE,
  INTERNAL: status.INTERNAL,
  UPSTREAM_UNAVAILABLE: status.UNAVAILABLE,
  UNAVAILABLE: status.UNAVAILABLE,
  UPSTREAM_TIMEOUT: status.UNAVAILABLE
}

/**
 * The statuses of INVALID_REQUEST for oversized requests, for which gRPC clients expect this one.
 */
const TOO_LARGE: readonly number[] = [413, 431]

/** The gRPC status of a refusal. Pure. */
export const grpcStatusOf = ({ code, status: httpStatus }: Pick<Refusal, 'code' | 'status'>) =>
  TOO_LARGE.includes(httpStatus) ? status.RESOURCE_EXHAUSTED : statuses[code]

/** The gRPC status of anything that was thrown: the gateway answers all of it. Pure. */
export const grpcStatusOfError = (error: unknown): number =>
  error instanceof Refusal ? grpcStatusOf(error) : status.INTERNAL
