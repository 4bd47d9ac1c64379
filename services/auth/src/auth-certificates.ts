import { redisCertificates } from '@gatehouse/redis/settings'
import type { HeldCertificate } from '@gatehouse/settings/pem-expiry'
import type { AuthConfig } from './config.ts'
import { databaseCertificates } from './database/postgres-tls.ts'

/** The certificates for the connections of the auth service to its stores, which it reads once. */
export function authCertificates(config: AuthConfig): () => readonly HeldCertificate[] {
  const certificates = [
    ...redisCertificates(config),
    ...databaseCertificates(config.database?.ways ?? [])
  ]
  return () => certificates
}
