import { redisCertificates } from '@gatehouse/redis/settings'
import { type HeldCertificate, heldCertificates } from '@gatehouse/settings/pem-expiry'
import type { GatewayConfig } from '../config.ts'
import type { RouteTable } from '../routes/route-table.ts'
import type { Upstream } from '../routes/upstream.ts'
import { keySetTls } from './key-set-tls.ts'
import type { LiveCertificate } from './live-certificate.ts'
import { UpstreamTlsFault } from './upstream-tls.ts'

/**
 * The certificates that a gateway uses: for its listener, and for its connections to Redis, the key
 * set and the services.
 * @param certificate null without TLS
 * @returns a function that finds the current ones
 */
export function gatewayCertificates(
  config: GatewayConfig,
  certificate: Pick<LiveCertificate, 'served'> | null,
  routes: () => Pick<RouteTable, 'routes'>
): () => HeldCertificate[] {
  const ofRedis = redisCertificates(config)
  const ofKeySet = keySetCertificates(config)
  return () => [
    ...heldCertificates([{ name: 'GATEWAY_TLS_CERT_FILE', chain: certificate?.served.cert }]),
    ...ofRedis,
    ...ofKeySet(),
    ...[...new Set(routes().routes.map(({ upstream }) => upstream))].flatMap(upstreamCertificates)
  ]
}

const upstreamCertificates = ({ name, tls }: Upstream): HeldCertificate[] =>
  heldCertificates([
    { name: `upstreams.${name}.tls.certFile`, chain: tls?.options.cert },
    { name: `upstreams.${name}.tls.caFile`, authorities: tls?.options.ca }
  ])

/** The files are read at each download. A fault in them is in the log of the download. */
function keySetCertificates(config: GatewayConfig): () => HeldCertificate[] {
  const read = keySetTls(config)
  return () => {
    try {
      const { cert, ca } = read?.().options ?? {}
      return heldCertificates([
        { name: 'GATEWAY_JWKS_CERT_FILE', chain: cert },
        { name: 'GATEWAY_JWKS_CA_FILE', authorities: ca }
      ])
    } catch (error) {
      if (error instanceof UpstreamTlsFault) return []
      throw error
    }
  }
}
