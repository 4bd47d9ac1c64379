import { redisCertificates } from '@gatehouse/redis/settings'
import type { HeldCertificate } from '@gatehouse/settings/pem-expiry'
import { clientCertificates } from '@gatehouse/tls/client-settings'
import type { ProcessTls } from '@gatehouse/tls/process-tls'
import type { AuthConfig } from './config.ts'
import { databaseCertificates } from './database/postgres/address/postgres-tls.ts'

/**
 * The certificates that the auth service uses: for its listeners, and for its connections to its
 * stores, which it reads once, and to the keys of gateways.
 * @returns a function that finds the current ones
 */
export function authCertificates(
  config: AuthConfig,
  tls: Pick<ProcessTls, 'certificates'>
): () => readonly HeldCertificate[] {
  const ofStores = [
    ...redisCertificates(config),
    ...databaseCertificates(config.database?.ways ?? [])
  ]
  const ofKeys = clientCertificates('GATEWAY_KEYS', config)
  return () => [...tls.certificates(), ...ofStores, ...ofKeys()]
}
