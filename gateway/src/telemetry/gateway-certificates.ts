import { type RedisSettings, redisCertificates } from '@gatehouse/redis/settings'
import { type HeldCertificate, heldCertificates } from '@gatehouse/settings/pem-expiry'
import { type ClientTlsSettings, clientCertificates } from '@gatehouse/tls/client-settings'
import type { ProcessTls } from '@gatehouse/tls/process-tls'
import type { RouteTable } from '../routes/table/route-table.ts'
import type { Upstream } from '../routes/upstream/upstream.ts'

/**
 * The certificates that a gateway uses: for its listeners, and for its connections to Redis, the
 * key set and the services.
 * @returns a function that finds the current ones
 */
export function gatewayCertificates(
  config: RedisSettings & ClientTlsSettings,
  tls: Pick<ProcessTls, 'certificates'>,
  routes: () => Pick<RouteTable, 'routes'>
): () => HeldCertificate[] {
  const ofRedis = redisCertificates(config)
  const ofKeySet = clientCertificates('GATEWAY_JWKS', config)
  return () => {
    const upstreams = new Set(routes().routes.map(({ upstream }) => upstream))
    const ofUpstreams = [...upstreams].flatMap(upstreamCertificates)
    return [...tls.certificates(), ...ofRedis, ...ofKeySet(), ...ofUpstreams]
  }
}

const upstreamCertificates = ({ name, tls }: Upstream): HeldCertificate[] =>
  heldCertificates([
    { name: `upstreams.${name}.tls.certFile`, chain: tls?.options.cert },
    { name: `upstreams.${name}.tls.caFile`, authorities: tls?.options.ca }
  ])
