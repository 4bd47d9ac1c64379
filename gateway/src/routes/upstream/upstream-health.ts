import { type Static, Type } from 'typebox'
import type { Protocol } from './upstream-protocol.ts'

/** How the health of a service is checked, as it is written in the file. */
export const HealthEntry = Type.Object(
  {
    path: Type.Optional(
      Type.String({
        title: 'a path such as /healthz',
        pattern: '^/[^?#]*$',
        description:
          'The gateway sends a GET; 2xx means healthy. The base path of the service is not put before this path.'
      })
    ),
    grpcService: Type.Optional(
      Type.String({
        title: 'the name of a service such as shop.Catalog, or an empty string',
        pattern: '^[\\w./-]*$',
        description:
          'Instead of path: the gateway calls grpc.health.v1.Health/Check for this service; SERVING means healthy. An empty string asks about the process as a whole.'
      })
    ),
    intervalSeconds: Type.Optional(
      Type.Number({ minimum: 0.05, description: 'The time between two checks. Default: 5.' })
    ),
    timeoutSeconds: Type.Optional(
      Type.Number({ minimum: 0.05, description: 'The time limit of one check. Default: 2.' })
    ),
    unhealthyAfter: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Consecutive failures. Default: 2.' })
    ),
    healthyAfter: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Consecutive successes. Default: 1.' })
    )
  },
  { additionalProperties: false }
)
export type Health = Required<Omit<Static<typeof HealthEntry>, 'grpcService'>> & {
  /** the service whose health the gRPC protocol reports; null: `path` is asked */
  readonly grpcService: string | null
}

export const healthDefaults = {
  path: '/',
  grpcService: null,
  intervalSeconds: 5,
  timeoutSeconds: 2,
  unhealthyAfter: 2,
  healthyAfter: 1
}

/** The faults that the schema cannot find. */
export function healthFaults(
  { path, grpcService }: Static<typeof HealthEntry>,
  protocol: Protocol
): string[] {
  if ((path === undefined) === (grpcService === undefined)) {
    return ['health must have either path or grpcService']
  }
  return grpcService !== undefined && protocol === 'http/1.1'
    ? ['health.grpcService needs protocol h2c or h2']
    : []
}
